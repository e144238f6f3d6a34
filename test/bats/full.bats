#!/usr/bin/env bats
# bats file_tags=root
# SPDX-License-Identifier: GPL-2.0-or-later
# No room on the disk, and no sensor: what is only learned or watched runs as ever, what is to be enforced does not start
# unwatched, and no file is torn.

load root
load server

setup() { instance "folders=$(jq -n --arg v "$BATS_TEST_TMPDIR/var" '{profiles: ($v+"/profiles"), incidents: ($v+"/incidents"), log: ($v+"/log")}')" 'ready_mode="enforce"'; }

teardown() {
	local id
	rm -f "$W"/var/full "$W"/var/file*
	for id in $(rt list -q 2>/dev/null); do rt delete -f "$id" 2>/dev/null || true; done
	wait_for 10 no_keeper || true
	umount -l "$W/var" 2>/dev/null || true
	cleanup_instance
}

no_keeper() { [ -z "$(find "$W/run/containers" "$W/var/run/containers" -name state.json 2>/dev/null)" ]; }

small() { # OPTIONS: the disk
	mkdir -p "$W/var"
	mount -t tmpfs -o "mode=700,$1" thymus-test "$W/var"
}

fill() { not dd if=/dev/zero of="$W/var/full" bs=4k status=none 2>/dev/null; }

begin() { # NAME MODE: of another workload than the enforced one's, whose profile is closed
	bundle "$1" "$(profile_is other "$2")" /bin/server
	(cd "$W/$1" && rt create "$1" </dev/null >"$W/$1/out" 2>&1 3>&-) || { cat "$W/$1/out"; return 1; }
	rt start "$1"
	wait_for 30 test -e "$W/$1/rootfs/tmp/proof-alive"
}

taught() { compgen -G "$W/var/profiles/*/other@*.json" >/dev/null; }

whole() { # every file that a reader may meet
	local f
	for f in "$W"/var/profiles/*/*.json "$W"/run/containers/*/state.json "$W"/var/run/containers/*/state.json "$W"/var/incidents/*/incident.json; do
		[ ! -e "$f" ] || jq -e . "$f" >/dev/null || { echo "torn: $f"; return 1; }
	done
	jq -e .type "$W/var/log/events.jsonl" >/dev/null
	[ -z "$(find "$W/var" -name '*.tmp*')" ] || { find "$W/var" -name '*.tmp*'; return 1; }
}

refused() { # WORDS: an enforced container, and nothing of it stays
	bundle refused "$(profile_is server "${MODE:-enforce}")" /bin/server
	(cd "$W/refused" && not rt create refused </dev/null >"$W/refused/out" 2>&1 3>&-)
	cat "$W/refused/out"
	grep -q "$1" "$W/refused/out"
	run rt state refused
	[ "$status" -ne 0 ]
}

@test "a full disk: who learns, or is watched, or neither, starts; who is to be enforced is refused in one sentence" {
	local mode known
	small size=8m
	rootfs
	learn
	start caught enforce
	begin seed learn
	rt delete -f seed
	wait_for 30 taught
	begin early learn
	fill
	known=$(sha256sum <"$(echo "$W"/var/profiles/*/other@*.json)")
	for mode in learn auto monitor off; do
		begin "$mode" "$mode"
		[ "$(rt state "$mode" | jq -r .status)" = running ]
	done
	refused "is full: 0 KiB are left and 1024 must stay free (policy: limits.free_kib)"
	say caught socket # what runs stays enforced
	wait_for 30 stopped caught
	th release caught
	rt kill early KILL
	wait_for 30 gone early
	rt delete -f early
	whole
	[ "$(sha256sum <"$(echo "$W"/var/profiles/*/other@*.json)")" = "$known" ]
	rm "$W/var/full"
	start victim enforce # the control
	say victim socket
	wait_for 30 stopped victim
	whole
}

@test "no more files: the same" {
	small size=8m,nr_inodes=40
	jq '.folders.run = "'"$W"'/var/run"' "$POLICY" >"$W/policy.new" && chmod 600 "$W/policy.new" && mv "$W/policy.new" "$POLICY"
	rootfs
	mkdir -m 700 "$W/var/log"
	touch "$W/var/log/events.jsonl"
	local i=0
	while : 2>/dev/null >"$W/var/file$i"; do i=$((i + 1)); done
	start learner learn
	start undecided auto
	refused "no more files can be made"
	[ "$(jq -s '[.[] | select(.message | test("No space left")) | .container] | unique | join(" ")' -r "$W/var/log/events.jsonl")" = "learner undecided" ]
	whole
	rm -f "$W"/var/file*
	start watched learn # the control
	[ "$(container watched .mode)" = learn ]
}

@test "mode auto: with a ready profile that is to be enforced nothing starts unwatched when the sensor fails" {
	rootfs
	learn
	start watched auto # not ready
	rt delete -f watched
	wait_for 30 no_keeper
	th profile promote --force server
	jq '.folders.bpf = "'"$W"'/no-bpffs"' "$POLICY" >"$W/blind.json"
	jq '.ready_mode = "monitor"' "$W/blind.json" >"$W/blind-monitor.json"
	chmod 600 "$W"/blind*.json
	POLICY=$W/blind.json MODE=auto refused "no-bpffs"
	POLICY=$W/blind-monitor.json start unwatched auto # the controls: it is not to be enforced ...
	[ "$(jq -s '[.[] | select(.container == "unwatched" and .type == "error")] | length' "$W/var/log/events.jsonl")" = 1 ]
	th profile demote server # ... or not ready
	POLICY=$W/blind.json start learner auto
}
