#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever happens for however long: the log and the folders stay within the policy's limits, and nothing in them is torn.

load helpers
load root
load server

teardown() { [ -z "${W:-}" ] || cleanup_instance; }

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

# ---- containers ----

flooding() { # KIND SECONDS: container `wild`, judged and not stopped
	bundle tame "$(profile_is flood learn)" /bin/flood calm 2
	(cd "$W/tame" && rt run tame </dev/null >/dev/null 2>&1 3>&-)
	rt delete -f tame || true
	wait_for 10 no_monitor
	bundle wild "$(profile_is flood monitor)" /bin/flood "$1" "$2"
	(cd "$W/wild" && rt create wild </dev/null >"$W/wild/out" 2>&1 3>&-)
	rt start wild
}

ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; } # of a hundredth of a second: proc(5)
memory() { awk '/^RssAnon/ { print $2 }' "/proc/$1/status"; }

# bats test_tags=root
@test "equal deviations are one line, then their number" {
	instance 'limits={"repeat_seconds":2}'
	rootfs
	cp "$INSIDE/flood" "$R/bin/"
	flooding same 5
	wait_for 20 gone wild
	rt delete -f wild
	wait_for 10 no_monitor
	cp "$W/log/events.jsonl" "$BATS_TEST_TMPDIR/events"
	local told met
	# the few orders of one strange run: each told once, though each was met thousands of times
	jq -es '[.[] | select(.type == "deviation")] | length > 0 and length < 20' "$BATS_TEST_TMPDIR/events"
	jq -es '[.[] | select(.type == "repeat")] | length >= 1 and all(.count > 0 and .seconds >= 0 and (.words | test("times more")))' "$BATS_TEST_TMPDIR/events"
	told=$(jq -s '[.[] | select(.type == "deviation" or .type == "repeat") | .count // 1] | add' "$BATS_TEST_TMPDIR/events")
	met=$(sed 's/ in.*//' "$W/wild/out" | tail -n 1)
	[ "$told" -ge "$met" ] # each run has one deviation or more
}

# bats test_tags=root
@test "a million different deviations a minute cost the monitor next to nothing" {
	instance 'limits={"repeat_seconds":2}'
	rootfs
	cp "$INSIDE/flood" "$R/bin/"
	flooding odd 8
	local pid before after rss from
	pid=$(container wild .monitor)
	sleep 1
	before=$(ticks "$pid") rss=$(memory "$pid") from=$(date +%s%N)
	sleep 5
	after=$(ticks "$pid")
	echo "# $((after - before)) ticks in $((($(date +%s%N) - from) / 10000000)) ticks; $rss KiB, then $(memory "$pid") KiB"
	[ "$(container wild .deviations)" -gt 20000 ]
	[ $((after - before)) -le 15 ] # 3 %: the host is loaded; test/bench/flood has the figure
	[ $(($(memory "$pid") - rss)) -le 512 ]
	[ "$(container wild .lost)" = 0 ]
	wait_for 20 gone wild
	rt delete -f wild
	wait_for 10 no_monitor
	[ "$(jq -s '[.[] | select(.type == "deviation")] | length' "$W/log/events.jsonl")" -le 512 ] # and not 130,000
	jq -es '[.[] | select(.type == "flood")] | length >= 2' "$W/log/events.jsonl"
}
