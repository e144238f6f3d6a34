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
