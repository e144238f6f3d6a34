# bats file_tags=root,slow
# takes: 11 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# What podman sees of us: nothing, until we stop a container.  See test/podman.

setup() {
	: "${THYMUS:=$BATS_TEST_DIRNAME/../../build/plain/thymus}" "${INSIDE:=$BATS_TEST_DIRNAME/../../build/plain/test/inside}"
	export THYMUS INSIDE
	cd "$BATS_TEST_DIRNAME/../podman" || return
}

@test "the differential test of podman sees a changed exit status, other words, and a file left behind" {
	mkdir "$BATS_TEST_TMPDIR/other"
	cat >"$BATS_TEST_TMPDIR/other/runc" <<-"END"
	#!/bin/sh
	case " $* " in
	*" resume "*) exit 7 ;;
	*" exec "*" --console-socket "*) exit 1 ;;
	*" delete "*) mkdir -p /run/runc/thymus-test-left ;;
	esac
	exec runc "$@"
	END
	chmod +x "$BATS_TEST_TMPDIR/other/runc"
	sed -i "s,exec runc,exec $(type -P runc)," "$BATS_TEST_TMPDIR/other/runc"
	run ./differential.sh --short runc "$BATS_TEST_TMPDIR/other/runc" 3>&-
	rmdir /run/runc/thymus-test-left
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q '^not ok .* unpause ' <<<"$output"
	grep -q '^not ok .* exec-tty-stdin ' <<<"$output"
	grep -q '^not ok .* no files are left' <<<"$output"
	grep -q '^ok .* run-3 ' <<<"$output"
}

@test "podman sees no difference between runc and thymus, while it learns and in enforce" {
	run ./differential.sh --enforce runc thymus 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

# crun does not run where the unified hierarchy is mounted beside the others and has controllers.
as_crun_needs_it() {
	if [ "$(stat -fc %T /sys/fs/cgroup/unified 2>/dev/null)" = cgroup2fs ]; then
		unshare -m sh -c 'umount /sys/fs/cgroup/unified && exec "$@"' sh "$@"
	else
		"$@"
	fi
}

@test "podman sees no difference between crun and thymus in front of it" {
	run as_crun_needs_it ./differential.sh --short crun thymus 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "under podman, a learned container's successor is frozen when attacked; what podman can do then is a table" {
	run ./enforce.sh shim runc 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "under podman over crun, a learned container's successor is frozen when attacked, and can be ended" {
	run as_crun_needs_it ./enforce.sh shim crun 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "by hooks of podman's own runtime, a container is frozen, and can be ended: runc" {
	run ./enforce.sh hooks runc 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "by hooks of podman's own runtime, a container is frozen, and can be ended: crun" {
	run as_crun_needs_it ./enforce.sh hooks crun 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}
