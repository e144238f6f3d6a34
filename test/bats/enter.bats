#!/usr/bin/env bats
# bats file_tags=root
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever comes into a container from outside: the runtime's own processes and threads, its hooks, exec sessions.

load root
load server

setup() {
	instance allow_seconds=1
	rootfs
}

teardown() { cleanup_instance; }

enter() { # NAME WORD...: test/tools/enter, with the container's cgroup and entry
	local name=$1 pid at
	shift
	pid=$(rt state "$name" | jq .pid)
	at=$(jq -r .unified "$W"/run/containers/*/state.json)
	[ -d "$at" ]
	timeout -s KILL 20 "$TOOLS/enter" "$at" "$pid" "$@" # a stopped one would never end
}

learned() { # FILTER: so many programs of the profile
	th profile show server --json | jq "[.programs[] | select($1)] | length"
}

acted() { [ "$(container victim .action)" != "" ]; }

@test "threads that a runtime brings along on its way in are not taken for the container's" {
	learn
	start victim enforce
	for _ in 1 2 3 4 5; do enter victim; done
	sleep 0.5
	not acted
	# the control: a process of the container is judged for the same call
	say victim socket
	wait_for 5 stopped victim
}

@test "an exec session is known as such whichever thread of the runtime executes" {
	start one learn
	enter one /bin/touch-proof /tmp/proof-ran
	wait_for 5 proof one ran
	sleep 0.5
	rt kill one KILL
	wait_for 5 gone one
	rt delete -f one
	wait_for 5 no_monitor
	[ "$(learned '.path == "/bin/touch-proof" and .session')" = 1 ]
	[ "$(learned '.path == "/bin/touch-proof" and (.session | not)')" = 0 ]
}

@test "a hook that the runtime runs inside, with children of its own, before the entry, is not judged" {
	learn
	CHANGE='.hooks = { startContainer: [ { path: "/bin/sh", args: [ "sh", "-c",
		"/bin/ls / | /bin/cat; (/bin/id; /bin/busybox mount -t tmpfs none /tmp; /bin/date) & wait; echo >/tmp/proof-hook" ] } ] }'
	runtime() { timeout -s KILL 20 "$THYMUS" --thymus-policy "$POLICY" --root "$W/rt" "$@"; } # it waits for its hooks
	start victim enforce runtime
	proof victim hook
	sleep 0.5
	[ "$(container victim .mode)" = enforce ]
	not acted
	say victim exec
	wait_for 5 stopped victim
}

@test "what such a hook does is not learned as the container's" {
	CHANGE='.hooks = { startContainer: [ { path: "/bin/sh", args: [ "sh", "-c", "/bin/ls / | /bin/cat >/tmp/proof-hook" ] } ] }'
	learn
	[ "$(learned '.name == "server"')" = 1 ]
	[ "$(learned '.name == "cat" or .name == "ls"')" = 0 ]
}

@test "an exec that is refused ends with the status by which runc says that it failed itself" {
	learn
	start victim enforce
	say victim exec
	wait_for 5 stopped victim
	run rt exec victim /bin/true
	[ "$status" -eq 255 ]
	run plain exec victim /bin/true # the control: runc's own, here for want of such a container
	[ "$status" -ne 0 ]
	run rt resume victim
	[ "$status" -eq 1 ]
}

# CHANGE: a file bound over an empty one, as docker run --init does with its init
bound_tool() {
	touch "$R/bin/tool"
	CHANGE=".mounts += [ { destination: \"/bin/tool\", type: \"bind\", source: \"$INSIDE/touch-proof\", options: [ \"bind\", \"ro\" ] } ]"
}

short() { # NAME MODE: a container that runs the bound program, and ends
	bundle "$1" "$(profile_is short "$2")" /bin/tool /tmp/proof-ran
	(cd "$W/$1" && timeout -s KILL 20 "$THYMUS" --thymus-policy "$POLICY" --root "$W/rt" create "$1" </dev/null >"$W/$1/out" 2>&1 3>&-)
}

@test "a program on a mount is learned as what was executed, also when its container has ended before we look" {
	local monitor
	bound_tool
	short one learn
	monitor=$(jq .monitor "$W"/run/containers/*/state.json)
	kill -STOP "$monitor"
	rt start one
	wait_for 5 gone one
	proof one ran
	kill -CONT "$monitor"
	wait_for 10 no_monitor
	rt delete one
	[ "$(th profile show short --json | jq -r '.programs[] | select(.path == "/bin/tool") | .sha256')" = "$(sha256sum <"$INSIDE/touch-proof" | cut -c1-64)" ]
	short two enforce
	rt start two
	wait_for 5 proof two ran
	wait_for 5 gone two
	[ "$(th incident ls --json | jq length)" = 0 ]
	rt delete two
}
