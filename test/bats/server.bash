# shellcheck shell=bash disable=SC2154
# For tests on the real runtime: containers of test/inside/server, which does what it is told.

before_start() { :; } # ROOT: tests put their own in its place

start() { # NAME MODE [RUNNER]: the little server as container NAME
	local runner=${3:-rt}
	bundle "$1" "$(profile_is server "$2")" /bin/server
	before_start "$W/$1/rootfs"
	(cd "$W/$1" && "$runner" create "$1" </dev/null >"$W/$1/out" 2>&1 3>&-) || { cat "$W/$1/out"; return 1; }
	"$runner" start "$1"
	wait_for 5 test -e "$W/$1/rootfs/tmp/proof-alive"
}

tell() { # NAME COMMAND: and wait until it has begun
	say "$1" "$2"
	wait_for 5 eval "not test -e '$W/$1/rootfs/tmp/command'"
	sleep 0.2
}

lesson() { :; } # NAME: what the server learns beside what it always does

say() { echo "$2" >"$W/$1/rootfs/tmp/command.new" && mv "$W/$1/rootfs/tmp/command.new" "$W/$1/rootfs/tmp/command"; }
proof() { test -e "$W/$1/rootfs/tmp/proof-$2"; }

learn() { # two lives of the server, with a child and a memory file each
	local i
	for i in 1 2; do
		start "learn$i" learn
		tell "learn$i" harmless
		lesson "learn$i"
		sleep 1.2
		rt kill "learn$i" KILL
		wait_for 5 gone "learn$i"
		rt delete -f "learn$i"
	done
	wait_for 5 no_monitor
}
gone() { [ "$(rt state "$1" 2>/dev/null | jq -r .status)" != running ]; }

attack() { # COMMAND PROOF: it works under plain runc and in mode off; in enforce it is stopped
	start control learn plain
	say control "$1"
	wait_for 5 proof control "$2"
	start off off
	say off "$1"
	wait_for 5 proof off "$2"
	start victim enforce
	sleep 0.3
	[ "$(container victim .action)" = "" ]
	say victim "$1"
	wait_for 5 stopped victim
}
