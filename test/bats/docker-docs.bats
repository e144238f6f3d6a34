#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later

@test "docs/DOCKER.md says of frozen containers what is tested" {
	cd "$BATS_TEST_DIRNAME/../.."
	diff <(test/docker/table) <(grep '^| ' docs/DOCKER.md)
}
