#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What docs/RUNBOOK.md tells a tired person to type is understood.

load helpers

@test "every command of the runbook is one" {
	policy
	local words n=0
	while read -r words; do
		words=${words/MODE/monitor} words=${words/NAME/web} words=${words/CONTAINER/web1} words=${words/ENGINE/docker}
		words=${words/ ID/ 20260101-000000-abcd}
		case $words in setup*) words="$words --file $BATS_TEST_TMPDIR/daemon.json" ;; unload*) words="$words --dry-run" ;; esac
		# shellcheck disable=SC2086 # words
		thymus $words
		[[ $stderr != *usage* && $stderr != *unknown* ]] # what is named need not be there
		n=$((n + 1))
	done < <(grep -oE '(`|^    )thymus [^`]+' "$BATS_TEST_DIRNAME/../../docs/RUNBOOK.md" | sed -E 's/^(`|    )thymus //')
	[ "$n" -ge 20 ]
}
