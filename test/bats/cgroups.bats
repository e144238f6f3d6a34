#!/usr/bin/env bats
# bats file_tags=root
# Hosts with other cgroup hierarchies than this one: engine, runtime and thymus see them through a mount
# namespace of their own; what this host mounts stays as it is.

load root
load server

setup() {
	instance allow_seconds=1
	rootfs
}

teardown() {
	cleanup_instance
	umount "$NS" 2>/dev/null || true
}

# From now on `rt`, `th` and `plain` run where COMMAND has changed /sys/fs/cgroup.
in_namespace() { # COMMAND
	NS=$BATS_TEST_TMPDIR.ns
	touch "$NS"
	mount --make-shared "$W" # bundles' overlays are mounted out here
	unshare --mount="$NS" --propagation slave true
	nsenter --mount="$NS" sh -ec "$1"
	local program
	for program in "$THYMUS" "$(type -P runc)"; do
		printf '#!/bin/sh\nexec nsenter --mount=%q --wdns="$PWD" %q "$@"\n' "$NS" "$program" >"$W/${program##*/}"
		chmod 755 "$W/${program##*/}"
	done
	THYMUS=$W/thymus
	RUNC=$W/runc
}

stops_and_releases() { # HIERARCHY: a line of /proc/PID/cgroup that the container must have
	learn
	attack socket socket
	local pid
	pid=$(rt state victim | jq .pid)
	grep -q "$1" "/proc/$pid/cgroup"
	[ "$(rt state victim | jq -r .status)" = paused ]
	th incident allow "$(th incident ls --json | jq -r '.[-1].id')"
	th release victim
	wait_for 5 eval '[ "$(container victim .action)" = "" ]'
	say victim socket
	wait_for 5 proof victim socket
	rt pause victim
	[ "$(rt state victim | jq -r .status)" = paused ]
	rt resume victim
	sleep 2 # what /bin/server did until then was allowed
	say victim exec
	wait_for 5 stopped victim
	timeout 10 "$THYMUS" --thymus-policy "$POLICY" --root "$W/rt" delete -f victim
	wait_for 5 no_monitor
}

# The engine pauses what the sensor has stopped already, before the monitor freezes it.
stays_paused() {
	local monitor
	learn
	start victim enforce
	monitor=$(container victim .monitor)
	kill -STOP "$monitor"
	say victim socket
	wait_for 5 grep -q '^State:.T' "/proc/$(rt state victim | jq .pid)/status"
	rt pause victim
	kill -CONT "$monitor"
	wait_for 10 stopped victim
	run rt resume victim
	[ "$status" -ne 0 ]
	th incident allow "$(th incident ls --json | jq -r '.[-1].id')"
	th release victim
	sleep 0.5
	[ "$(container victim .action)" = "" ]
	[ "$(rt state victim | jq -r .status)" = paused ]
	not proof victim socket
	[ "$(th release --all)" = "no container is stopped: nothing to release" ] # what the engine paused is its own
	[ "$(rt state victim | jq -r .status)" = paused ]
	rt resume victim
	wait_for 5 proof victim socket
	timeout 10 "$THYMUS" --thymus-policy "$POLICY" --root "$W/rt" delete -f victim
}

@test "with v1 hierarchies only, what the engine had paused is paused still after the release" {
	in_namespace 'umount /sys/fs/cgroup/unified'
	stays_paused
}

@test "with the unified hierarchy only, what the engine had paused is paused still after the release" {
	in_namespace 'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup'
	stays_paused
}

@test "with both, what the engine had paused is paused still after the release, and runs on when it says so" {
	stays_paused
}

@test "with v1 hierarchies only, a deviation freezes by the freezer controller" {
	in_namespace 'umount /sys/fs/cgroup/unified'
	stops_and_releases '^[0-9]*:freezer:/thymus-test/'
}

@test "with the unified hierarchy only, a deviation freezes by cgroup.freeze" {
	in_namespace 'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup'
	stops_and_releases '^0::/thymus-test/'
}
