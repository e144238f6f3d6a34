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

# The group lies in the container, writable.  A cgroup namespace would forbid to leave it (nsdelegate, cgroup_namespaces(7)).
group_inside() { # FOLDER
	CHANGE='.mounts += [{destination: "/group", source: "'$1'", type: "bind", options: ["bind", "rw"]}] |
		del(.linux.namespaces[] | select(.type == "cgroup"))'
	before_start() { mkdir -p "$1/group"; }
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
	group_inside "$elsewhere"
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

@test "a call that was made to look like the one before it is judged all the same" {
	learn
	attack twin twin
	[ "$(last_incident '.verdict[0]')" = call ]
}

@test "a container that learns loosens nothing that another one is held by" {
	learn
	start victim enforce
	start teacher learn
	[ "$(container teacher .mode)" = monitor ]
	tell teacher socket
	rt kill teacher KILL
	wait_for 5 gone teacher
	rt delete teacher
	say victim socket
	wait_for 5 stopped victim
	[[ $(th profile show server) == *"takes nothing more from learners"* ]]
	rt delete -f victim
	th profile demote server
	start teacher learn
	[ "$(container teacher .mode)" = learn ]
}

@test "a child that is born in another cgroup has left the container's" {
	local elsewhere=/sys/fs/cgroup/unified/thymus-test/elsewhere-$$
	[ -e /sys/fs/cgroup/unified ] || elsewhere=/sys/fs/cgroup/thymus-test/elsewhere-$$
	mkdir -p "$elsewhere"
	group_inside "$elsewhere"
	lesson() { tell "$1" "born /nowhere"; }
	learn
	attack "born /group" born
	[ "$(last_incident '.verdict[0]')" = left ]
	sleep 0.2
	rm -f "$W/victim/rootfs/tmp/proof-born"
	sleep 0.5
	not proof victim born
	echo 1 >"$elsewhere/cgroup.kill"
	wait_for 5 rmdir "$elsewhere"
}

@test "a program of the container's own that changes through a shared mapping does not run" {
	lesson() { tell "$1" own; rm -f "$W/$1/rootfs/tmp/proof-ran"; }
	learn
	start control learn plain
	tell control own; rm -f "$W/control/rootfs/tmp/proof-ran"
	say control map
	wait_for 5 proof control ran
	start victim enforce
	tell victim own
	wait_for 5 proof victim ran
	[ "$(container victim .action)" = "" ]
	rm -f "$W/victim/rootfs/tmp/proof-ran"
	say victim map
	wait_for 5 stopped victim
	exec_prevented /tmp/own
}

@test "on a root without layers a program is its content" {
	PLAIN=1
	learn
	start victim enforce
	say victim harmless
	wait_for 5 proof victim ran
	sleep 0.3
	[ "$(container victim .action)" = "" ]
	rt delete -f victim
	rm -rf "$W/victim"
	before_start() { printf x >>"$1/bin/learned"; }
	attack harmless ran
	not proof victim ran
	[ "$(last_incident .prevented)" = true ]
}

@test "a root by another spelling has its layers all the same" {
	CHANGE='.root.path = "./rootfs/"'
	learn
	start victim enforce
	say victim harmless
	wait_for 5 proof victim ran
	[ "$(container victim .action)" = "" ]
	rt delete -f victim
	rm -f "$W/victim/rootfs/tmp/proof-ran"
	before_start() { printf x >>"$1/bin/learned"; }
	attack harmless ran
	not proof victim ran
	[ "$(last_incident .executed.upper)" = true ]
}

@test "another image with the same fingerprint is known by what its programs are" {
	learn
	IMAGE=$W/other
	cp -a "$R" "$IMAGE"
	printf x >>"$IMAGE/bin/learned"
	attack harmless ran
	not proof victim ran
	[ "$(last_incident .prevented)" = true ]
}

@test "what a hook of the runtime leaves behind is judged" {
	CHANGE='.hooks = { startContainer: [ { path: "/bin/server", args: [ "server", "hook" ] } ] }'
	learn
	before_start() { touch "$1/tmp/now"; }
	start control learn plain
	wait_for 5 proof control hook
	before_start() { :; }
	start victim enforce
	sleep 0.3
	touch "$W/victim/rootfs/tmp/now"
	wait_for 5 stopped victim
	[ "$(last_incident '.verdict[0]')" = call ]
}

@test "what outlives the entry is watched to its end" {
	CHANGE='del(.linux.namespaces[] | select(.type == "pid"))'
	local i
	outlive() { # NAME MODE RUNNER
		bundle "$1" "$(profile_is outlive "$2")" /bin/server outlive
		(cd "$W/$1" && "$3" create "$1" </dev/null >"$W/$1/out" 2>&1 3>&-)
		"$3" start "$1"
		sleep 4
	}
	for i in 1 2; do
		outlive "learn$i" learn rt
		rt kill --all "learn$i" KILL || true
		rt delete -f "learn$i"
	done
	wait_for 5 no_monitor
	outlive control learn plain
	touch "$W/control/rootfs/tmp/now"
	wait_for 5 proof control outlived
	plain delete -f control
	outlive victim enforce rt
	[ "$(container victim .mode)" = enforce ]
	touch "$W/victim/rootfs/tmp/now"
	wait_for 5 stopped victim
	rt kill --all victim KILL || true
	rt delete -f victim
	wait_for 5 no_monitor
}

@test "a flood hides neither a stop nor its cause, though the monitor sleeps" {
	lesson() { tell "$1" "flood 1 300"; }
	learn
	start victim enforce
	kill -STOP "$(container victim .monitor)"
	say victim "flood-socket 2 60000"
	wait_for 60 eval "[ \"\$(grep -c '^State:.T' /proc/$(container victim .pid)/status)\" = 1 ]"
	kill -CONT "$(container victim .monitor)"
	wait_for 10 stopped victim
	[ "$(last_incident '.verdict[0]')" = call ]
	[ "$(container victim .lost)" = 0 ]
}
