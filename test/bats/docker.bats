# bats file_tags=root,slow
# takes: 6 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# What Docker sees of us: nothing, until we stop a container.  Each test starts a dockerd of its
# own, see test/docker.

setup() {
	cd "$BATS_TEST_DIRNAME/../docker"
	wrapper=$BATS_TEST_TMPDIR/wrapper
	runc=$(command -v runc)
}

write_wrapper() {
	printf '#!/bin/sh\n%s\nexec %s "$@"\n' "$1" "$runc" >"$wrapper"
	chmod +x "$wrapper"
}

@test "the differential test sees no difference between runc and a script that becomes runc" {
	write_wrapper :
	run ./differential.sh "$wrapper" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the differential test sees a changed exit status, and a file left behind" {
	# shellcheck disable=SC2016 # for the wrapper
	write_wrapper 'case " $* " in *" resume "*) exit 7 ;; *" delete "*) : >"$2/left" ;; esac'
	run ./differential.sh "$wrapper" 3>&-
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q '^not ok .*unpause ' <<<"$output"
	grep -q '^not ok .*no files are left' <<<"$output"
	grep -q '^ok .*run-3 ' <<<"$output"
}

@test "Docker sees no difference between runc and thymus while it learns" {
	policy=$BATS_TEST_TMPDIR/thymus.json
	bpf=$BATS_TEST_TMPDIR/bpf
	mkdir "$bpf"
	mount -t bpf thymus-test "$bpf"
	jq -n --arg d "$BATS_TEST_TMPDIR" --arg runc "$runc" '{delegate: $runc, mode: "learn",
		folders: {profiles: ($d + "/profiles"), incidents: ($d + "/incidents"),
		run: ($d + "/run"), log: ($d + "/log"), bpf: ($d + "/bpf/thymus")}}' >"$policy"
	chmod 600 "$policy"
	run ./differential.sh "$THYMUS" --thymus-policy "$policy" 3>&-
	umount -l "$bpf"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "under Docker, a learned container's successor is frozen when attacked, and can be ended" {
	run ./enforce.sh "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}
