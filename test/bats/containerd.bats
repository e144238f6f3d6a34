# bats file_tags=root,slow
# takes: 12 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# What containerd sees of us, by ctr and by its CRI plugin: nothing, until we stop a container.  Each test starts a containerd of
# its own, see test/containerd and docs/CONTAINERD.md.

setup() {
	cd "$BATS_TEST_DIRNAME/../containerd" || return
}

@test "the test of containerd sees a file left behind" {
	wrapper=$BATS_TEST_TMPDIR/wrapper
	# shellcheck disable=SC2016 # for the wrapper
	printf '#!/bin/sh\ncase " $* " in *" create "*) : >"$2/left" ;; esac\nexec %s "$@"\n' "$(command -v runc)" >"$wrapper"
	chmod +x "$wrapper"
	run ./differential.sh --control "$wrapper" '^run-status' 3>&-
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q '^not ok .*: nothing is left behind' <<<"$output"
	grep -q '^ok .*: run-status ' <<<"$output"
}

@test "containerd sees no difference between runc and thymus while it learns, nor when it enforces what it learned" {
	run ./differential.sh "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "containerd's commands do with a frozen container what docs/CONTAINERD.md says" {
	run ./frozen.sh "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "under containerd, namespace, name and image are one workload, wherever and whenever; pause containers have their own" {
	run ./identity.sh "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}
