#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever happens for however long: the log and the folders stay within the policy's limits, and nothing in them is torn.

load helpers
load root

writes() { # COUNT NAME: so many lines: containers without a bundle, which start as they would without us
	local i
	for i in $(seq "$1"); do
		"$THYMUS" --thymus-policy "$BATS_TEST_TMPDIR/policy.json" create --bundle /nowhere "$2-$i" || echo "$2-$i" >>"$BATS_TEST_TMPDIR/failed"
	done >/dev/null 2>&1
}

lines() { # of all files of the log, oldest first
	local i
	for i in $(seq 100 -1 1); do cat "$BATS_TEST_TMPDIR/log/events.jsonl.$i" 2>/dev/null || true; done
	cat "$BATS_TEST_TMPDIR/log/events.jsonl"
}

@test "the log rotates by itself: many writers at once lose no line, and no file is larger than the limit" {
	policy '.limits={log_kib:16, log_files:20}'
	local w long
	long=$(printf 'x%.0s' $(seq 200))
	for w in a b c d; do writes 50 "$w-$long" & done
	wait
	[ ! -e "$BATS_TEST_TMPDIR/failed" ]
	[ -e "$BATS_TEST_TMPDIR/log/events.jsonl.3" ]
	for f in "$BATS_TEST_TMPDIR"/log/events.jsonl*; do [ "$(stat -c %s "$f")" -le 16384 ]; done
	lines | jq -es '[.[] | select(.type == "error") | .container] | unique | length == 200'
}

@test "so many old logs are kept and no more, also when the limit is lowered" {
	policy '.limits={log_kib:16, log_files:3}'
	mkdir -p "$BATS_TEST_TMPDIR/log"
	local i
	for i in "" .1 .2 .3 .4 .5; do head -c 16000 /dev/zero | tr '\0' "${i:-0}" >"$BATS_TEST_TMPDIR/log/events.jsonl$i"; done
	writes 8 x
	[ "$(cd "$BATS_TEST_TMPDIR/log" && echo *)" = "events.jsonl events.jsonl.1 events.jsonl.2 events.jsonl.3" ]
	[ "$(head -c 3 "$BATS_TEST_TMPDIR/log/events.jsonl.1")" = 000 ]
	[ "$(head -c 1 "$BATS_TEST_TMPDIR/log/events.jsonl.3")" = . ] # .2 was
	jq -e .type "$BATS_TEST_TMPDIR/log/events.jsonl" >/dev/null
}

@test "a rotation that is killed between any two of its steps loses nothing" {
	policy '.limits={log_kib:16, log_files:5}'
	local step i
	for step in 1 2 3 4; do
		rm -rf "$BATS_TEST_TMPDIR/log"
		mkdir -p "$BATS_TEST_TMPDIR/log"
		for i in 0 1 2 3; do
			{ jq -nc --arg i "$i" '{event: "old", object: $i}'; head -c 16500 /dev/zero | tr '\0' ' '; echo; } \
				>"$BATS_TEST_TMPDIR/log/events.jsonl${i/#0/}"
			[ "$i" = 0 ] || mv "$BATS_TEST_TMPDIR/log/events.jsonl$i" "$BATS_TEST_TMPDIR/log/events.jsonl.$i"
		done
		run strace -f -o "$BATS_TEST_TMPDIR/strace" -e trace=/^rename -e "inject=/^rename:signal=SIGKILL:when=$step" \
			"$THYMUS" --thymus-policy "$BATS_TEST_TMPDIR/policy.json" create --bundle /nowhere killed
		[ "$status" -ne 0 ]
		writes 2 after
		[ "$(lines | jq -r 'select(.event=="old").object' | paste -sd' ')" = "3 2 1 0" ]
		[ "$(lines | jq -r 'select(.type=="error").container' | paste -sd' ')" = "after-1 after-2" ]
	done
}
