# bats file_tags=root,slow
# takes: 8 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# What containerd sees of us, by ctr and by its CRI plugin: nothing while we learn.  See test/containerd.

setup() {
	cd "$BATS_TEST_DIRNAME/../containerd" || return
}

@test "containerd sees no difference between runc and thymus that learns" {
	run ./differential.sh "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the test of containerd sees a file left behind" {
	wrapper=$BATS_TEST_TMPDIR/wrapper
	# shellcheck disable=SC2016 # for the wrapper
	printf '#!/bin/sh\ncase " $* " in *" create "*) : >"$2/left" ;; esac\nexec %s "$@"\n' "$(command -v runc)" >"$wrapper"
	chmod +x "$wrapper"
	run env ONLY='^run-status' ./differential.sh --control "$wrapper" 3>&-
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q '^not ok .*: nothing is left behind' <<<"$output"
	grep -q '^ok .*: run-status ' <<<"$output"
}
