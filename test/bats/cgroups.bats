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

@test "with v1 hierarchies only, a deviation freezes by the freezer controller" {
	in_namespace 'umount /sys/fs/cgroup/unified'
	stops_and_releases '^[0-9]*:freezer:/thymus-test/'
}

@test "with the unified hierarchy only, a deviation freezes by cgroup.freeze" {
	in_namespace 'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup'
	stops_and_releases '^0::/thymus-test/'
}
