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
	wait_for 10 eval '[ "$(container wild .monitor)" != 0 ]' # the keeper's first word is without it
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

failing() { # ID: a server that is frozen
	start "$1" enforce
	say "$1" socket
	wait_for 30 stopped "$1"
}
incidents() { (cd "$W/incidents" && echo *) | tr ' ' '\n' | sed 's/^2020.*-/old-/' | paste -sd' '; }

# bats test_tags=root
@test "so many incidents are kept: a workload's first, those in force, and the latest; the oldest go first" {
	instance 'limits={"incidents":1, "incidents_mib":1}'
	rootfs
	learn
	mkdir -p "$W/incidents/20200101T000000.000-torn" "$W/incidents/20200101T000000.000-note"
	echo '{' >"$W/incidents/20200101T000000.000-torn/incident.json.tmp77" # what a killed writer leaves
	echo 'mine' >"$W/incidents/20200101T000000.000-note/note"
	local a b c d
	failing a
	a=$(container a .incident)
	[ "$(incidents)" = "old-note $a" ] # what is not ours stays
	rm -r "$W/incidents/20200101T000000.000-note"
	rt delete -f a
	failing b
	b=$(container b .incident)
	[ "$(incidents)" = "$a $b" ]
	failing c
	c=$(container c .incident)
	[ "$(incidents)" = "$a $b $c" ]
	rt delete -f b
	rt delete -f c
	wait_for 30 no_monitor
	failing d
	d=$(container d .incident)
	[ "$(incidents)" = "$a $d" ]
	th incident show "$a" >/dev/null
}

# bats test_tags=root
@test "incidents together, and the evidence of each, have a size" {
	instance 'limits={"incidents_mib":1}'
	rootfs
	learn
	local i
	for i in 1 2 3 4 5 6; do
		mkdir -p "$W/incidents/20200101T000000.000-$i"
		{ echo '{ "pad": "'; head -c 300000 /dev/zero | tr '\0' x; echo '"}'; } | tr -d '\n' >"$W/incidents/20200101T000000.000-$i/incident.json"
	done
	local long
	long=$(printf '"%.0s' $(seq 8000))
	# with arguments it forks, which it was not seen to do
	bundle victim "$(profile_is server enforce)" /bin/server spin $(for i in $(seq 60); do echo "$long"; done)
	(cd "$W/victim" && rt create victim </dev/null >"$W/victim/out" 2>&1 3>&-)
	rt start victim
	wait_for 30 stopped victim
	i=$W/incidents/$(container victim .incident)/incident.json
	[ "$(jq .process.cut "$i")" = true ]
	[ "$(jq '.process.command[2] | length' "$i")" = 8000 ]
	[ "$(stat -c %s "$i")" -le $((256 * 1024 + 16384)) ]
	wait_for 30 eval '[ "$(du -sk "$W/incidents" | cut -f 1)" -le 1024 ]'
	[ ! -e "$W/incidents/20200101T000000.000-1" ]
	[ -e "$W/incidents/20200101T000000.000-6" ]
}

# bats test_tags=root
@test "no more profiles than the limit: none is removed, a new one is not begun, and that is said once" {
	instance 'limits={"profiles":1}'
	rootfs
	local name
	for name in one two; do
		bundle $name "$(profile_is $name learn)" sleep 1
		(cd "$W/$name" && rt run $name </dev/null >/dev/null 2>&1 3>&-)
		wait_for 30 no_monitor
	done
	[ "$(cd "$W/profiles" && find . -name '*.json' | wc -l)" = 1 ]
	[ -z "$(find "$W/profiles" -name 'two*')" ] # nor a lock
	[ "$(jq -s '[.[] | select(.type == "error" and .container == "two" and (.message | test("not learned: there are 1 profiles")))] | length' "$W/log/events.jsonl")" = 1 ]
	th profile rm one
	rt delete -f two || true
	(cd "$W/two" && rt run two </dev/null >/dev/null 2>&1 3>&-)
	wait_for 30 no_monitor
	[ -n "$(find "$W/profiles" -name 'two*.json')" ]
}

# bats test_tags=root
@test "traces together stay within the limit: the oldest go, and one that is written ends there" {
	instance 'limits={"trace_mib":1}' "folders=$(jq -n --arg w "$BATS_TEST_TMPDIR" '{traces: ($w+"/traces")}')"
	rootfs
	cp "$INSIDE/flood" "$R/bin/"
	mkdir "$W/traces"
	local i
	for i in 1 2; do
		head -c 600000 /dev/zero >"$W/traces/old$i.trace"
		touch -d "2020-01-0$i" "$W/traces/old$i.trace"
	done
	bundle flood "$(profile_is flood learn)" /bin/flood odd 3 6000000
	(cd "$W/flood" && rt run flood </dev/null >"$W/flood/out" 2>&1 3>&-)
	wait_for 30 no_monitor
	[ "$(cd "$W/traces" && echo *)" = flood.trace ]
	[ "$(stat -c %s "$W/traces/flood.trace")" -le $((1 << 20 | 16)) ]
	[ "$(tail -n 1 "$W/traces/flood.trace")" = "# cut=1" ]
	[ "$(grep -c format= "$W/traces/flood.trace")" = 1 ]
	[ "$(jq -s '[.[] | select(.type == "trace" and (.message | test("trace is cut: traces take 1 MiB")))] | length' "$W/log/events.jsonl")" = 1 ]
	run th replay flood "$W/traces/flood.trace"
	[ "$status" -le 1 ] # it is read to its end
}
