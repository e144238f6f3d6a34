#!/usr/bin/env bats
# bats file_tags=root
# A recorded live run and its replay give the same verdicts, bit by bit.

load root

setup() {
	instance "folders={\"traces\":\"$BATS_TEST_TMPDIR/traces\"}"
	rootfs
}

teardown() { cleanup_instance; }

life() { # NAME MODE COMMAND...: from start to end
	local name=$1 mode=$2
	shift 2
	bundle "$name" "$(profile_is storm "$mode")" "$@"
	(cd "$W/$name" && rt create "$name" </dev/null >"$W/$name/out" 2>&1 3>&-)
	rt start "$name"
	wait_for 60 ended "$name"
	sleep 1.3 # a state after the last event
	FINAL=$(tail -1 "$W/$name/final" 2>/dev/null)
	rt delete -f "$name"
}
ended() { container "$1" . >"$W/$1/now" && [ -s "$W/$1/now" ] && cp "$W/$1/now" "$W/$1/final"; [ "$(rt state "$1" | jq -r .status)" = stopped ]; }

same() { # NAME [WORKLOAD]: the journal's last word on the live stream, and the replay's
	local p live replayed
	p=$(echo "$W/profiles/default/${2:-storm}"@*.json)
	live=$(jq -r --arg id "$1" 'select(.type == "trace" and .container == $id) | .message' "$W/log/events.jsonl" | tail -1)
	replayed=$(th replay "$p" "$W/traces/$1.trace" | tail -1)
	echo "live:   $live"
	echo "replay: $replayed"
	CALLS=${replayed%% calls*}
	DEVIATIONS=$(sed 's/.* calls, \([0-9]*\) deviations.*/\1/' <<<"$replayed")
	[ -n "$live" ] && [ "$live" = "$replayed" ]
}

@test "64 threads, a million calls, with signals: same hash" {
	life learn learn /bin/storm 64 3000
	life live monitor /bin/storm 64 17000
	same live
	[ "$CALLS" -ge 1000000 ]
}

@test "a hundred deviations: same hash, and another profile gives another" {
	life learn learn /bin/storm 4 10000
	life live monitor /bin/storm 8 130000 40
	same live
	[ "$CALLS" -ge 1000000 ]
	[ "$DEVIATIONS" -ge 100 ]
	local p
	p=$(echo "$W"/profiles/default/storm@*.json)
	jq 'del(.grams[-200:])' "$p" >"$W/other.json"
	[ "$(th replay "$W/other.json" "$W/traces/live.trace" | tail -1)" != "$(th replay "$p" "$W/traces/live.trace" | tail -1)" ]
}

@test "loss is in the record and in the verdicts: same hash" {
	life learn learn /bin/storm 4 10000
	bundle live "$(profile_is storm monitor)" /bin/storm 8 900000 40
	(cd "$W/live" && rt create live </dev/null >"$W/live/out" 2>&1 3>&-)
	local monitor
	wait_for 5 eval '[ -n "$(container live .monitor)" ]'
	monitor=$(container live .monitor)
	kill -STOP "$monitor" # nobody drains the ring
	rt start live
	sleep 2 # long enough to fill it, and the storm goes on: a thread tells its loss with its next event
	kill -CONT "$monitor"
	wait_for 60 ended live
	sleep 1.3
	rt delete -f live
	wait_for 10 no_monitor
	grep -q '^l ' "$W/traces/live.trace"
	same live
	[ "$CALLS" -ge 1000000 ]
}

@test "nginx with four workers under load, a million calls: same hash" {
	export DEMO=$W RUNTIME=$THYMUS RUNTIME_ARGS="--thymus-policy $POLICY" RT_ROOT=$W/rt TAG=thymus-replay-$$
	# shellcheck disable=SC1091
	source "$BATS_TEST_DIRNAME/../demo/lib.bash"
	"$BATS_TEST_DIRNAME/../demo/rootfs.sh" "$W/nginx-root"
	sed -i 's/^worker_processes.*/worker_processes 4;/' "$W/nginx-root/etc/nginx/guestbook.conf"
	grep -q '^worker_processes 4;' "$W/nginx-root/etc/nginx/guestbook.conf"
	demo_net_up
	demo_start learn "$W/nginx-root"
	$CLIENT wrk -t 2 -c 16 -d 2 "http://$HOST/" >/dev/null
	demo_stop learn || [ ! -e "$W/learn" ]
	wait_for 10 no_monitor
	th mode monitor guestbook
	demo_start live "$W/nginx-root"
	"$BATS_TEST_DIRNAME/../demo/load.sh" 7 5 >/dev/null
	for i in $(seq 12); do # how much that takes is the machine's business
		$CLIENT wrk -t 2 -c 64 -d 5 "http://$HOST/" >/dev/null
		[ "$(container live .calls)" -lt 1100000 ] || break
	done
	demo_stop live || [ ! -e "$W/live" ]
	demo_net_down
	wait_for 10 no_monitor
	same live guestbook
	[ "$CALLS" -ge 1000000 ]
	[ "$DEVIATIONS" -ge 1 ]
}
