#!/usr/bin/env bats
# bats file_tags=root
# Ways round the gate and out of the container's sight.  Each works under plain runc and in mode off (attack()
# shows both first), and is stopped in enforce.

load root
load server

setup() {
	instance
	rootfs
	# what dynamic programs need: one is learned (true), one is not (touch)
	LOADER=$(ldd /usr/bin/touch | grep -o '/lib[^ ]*/ld-[^ ]*')
	local lib
	for lib in "$LOADER" $(ldd /usr/bin/touch /usr/bin/true | grep -o '/lib[^ ]*/libc\.so[^ ]*'); do
		mkdir -p "$R$(dirname "$lib")"
		cp -L "$lib" "$R$lib"
	done
	cp /usr/bin/true "$R/bin/dynamic"
	cp /usr/bin/touch "$R/bin/dynamic-touch"
	printf '#!/bin/sh\n: >/tmp/proof-ran\n' >"$R/bin/script"
	chmod 755 "$R/bin/script"
}

teardown() { cleanup_instance; }

lesson() { # NAME: also taught: a shell, and a program with a loader
	tell "$1" "run /bin/sh -c :"
	tell "$1" "run /bin/dynamic"
}

exec_prevented() { # PATH of the file
	not proof victim ran
	[ "$(last_incident '.verdict[0]')" = exec ]
	[ "$(last_incident .prevented)" = true ]
	[ "$(last_incident .executed.path)" = "$1" ]
}

@test "the loader runs no program that was not learned" {
	learn
	attack "run $LOADER /bin/dynamic-touch /tmp/proof-ran" ran
	exec_prevented "$LOADER"
}

@test "a script that was not learned does not begin, though its interpreter was" {
	learn
	attack "run /bin/script" ran
	not proof victim ran
	[ "$(last_incident '.verdict[0]')" = exec ]
	[ "$(last_incident .prevented)" = true ]
	[ "$(last_incident .executed.name)" = /bin/script ]
}

@test "a learned file under another name is another program" {
	before_start() { ln "$1/bin/learned" "$1/bin/other"; }
	learn
	attack "run /bin/other /tmp/proof-ran" ran
	not proof victim ran
	[ "$(last_incident '.verdict[0]')" = exec ]
	[ "$(last_incident .prevented)" = true ]
}

@test "an execution by a thread that is not the first is judged like any" {
	learn
	attack thread ran
	exec_prevented /bin/touch-proof
}

@test "a task that leaves the container's cgroup is stopped where it went" {
	local elsewhere=/sys/fs/cgroup/unified/thymus-test/elsewhere-$$
	[ -e /sys/fs/cgroup/unified ] || elsewhere=/sys/fs/cgroup/thymus-test/elsewhere-$$
	mkdir -p "$elsewhere"
	before_start() { # the group's file lies in the container, writable
		mkdir -p "$1/group"
		jq --arg from "$elsewhere" '.mounts += [{destination: "/group", source: $from, type: "bind", options: ["bind", "rw"]}]' \
			"$1/../config.json" >"$1/../config.new" && mv "$1/../config.new" "$1/../config.json"
	}
	lesson() { tell "$1" "run /bin/sh -c :"; tell "$1" "leave /tmp/none"; echo x >"$W/$1/rootfs/tmp/file"; tell "$1" "leave /tmp/file"; }
	learn
	attack "leave /group/cgroup.procs" left
	[ "$(last_incident '.verdict[0]')" = left ]
	rm -f "$W/victim/rootfs/tmp/proof-alive"
	sleep 0.5
	not proof victim alive
	echo 1 >"$elsewhere/cgroup.kill" # the controls' tasks are there too
	wait_for 5 rmdir "$elsewhere"
}
