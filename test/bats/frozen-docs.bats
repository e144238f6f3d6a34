#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
}

@test "docs/DOCKER.md says of frozen containers what is tested" {
	diff <(test/frozen-table test/docker/frozen) <(grep '^| ' docs/DOCKER.md)
}

@test "docs/CONTAINERD.md says of frozen containers what is tested" {
	diff <(test/frozen-table test/containerd/frozen) <(grep '^| ' docs/CONTAINERD.md)
}
