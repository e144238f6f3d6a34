# bats file_tags=root
# SPDX-License-Identifier: GPL-2.0-or-later
# The control: under the plain runtime the demo's server serves and both attacks succeed.  What a
# monitor is then said to have stopped is worth something only because of this.

bats_require_minimum_version 1.5.0

setup_file() {
	export DEMO="$BATS_FILE_TMPDIR/demo" TAG="thymus-bats-$$"
	mkdir -p "$DEMO"
	# shellcheck source=test/demo/lib.bash
	source "$BATS_TEST_DIRNAME/../demo/lib.bash"
	"$DEMO_SOURCE/rootfs.sh" "$BATS_FILE_TMPDIR/rootfs"
	demo_net_up
	demo_start web "$BATS_FILE_TMPDIR/rootfs" >&2 3>&-
	export DEMO_SOURCE RT_ROOT
}

setup() {
	# shellcheck source=test/demo/lib.bash
	source "$BATS_TEST_DIRNAME/../demo/lib.bash"
}

teardown_file() {
	# shellcheck source=test/demo/lib.bash
	source "$BATS_TEST_DIRNAME/../demo/lib.bash"
	demo_stop web
	demo_net_down
}

# Calls of the guestbook's workers and master while "$@" runs, as strace(1) writes them, into $1.
trace() {
	local to=$1 pid child pids=() tracer
	shift
	pid=$(cat "$DEMO/web/pid")
	pids=(-p "$pid")
	# shellcheck disable=SC2013 # numbers
	for child in $(cat "/proc/$pid/task/$pid/children"); do
		[ "$(cat "/proc/$child/comm")" != guestbook ] || pids+=(-p "$child")
	done
	strace -qq -o "$to" "${pids[@]}" 2>/dev/null 3>&- &
	tracer=$!
	sleep 1
	"$@"
	kill -INT "$tracer"
	wait "$tracer" || true
}

call_names() { sed -n 's/^\(\[pid *\)\{0,1\}[0-9]* *\]\{0,1\} *\([a-z0-9_]*\)(.*/\2/p' "$1" | sort -u; }

@test "under the plain runtime, honest clients get the answers that they should" {
	run --separate-stderr "$DEMO_SOURCE/load.sh" 1 2
	echo "$stderr"
	[ "$status" -eq 0 ]
	[ "$(jq .failed <<<"$output")" -eq 0 ]
	[ "$(jq .requests <<<"$output")" -ge 60 ]
}

@test "under the plain runtime, the shell of attack-shell.sh runs its command, ten times of ten" {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		run "$DEMO_SOURCE/attack-shell.sh"
		echo "$i: $output"
		[ "$(jq .effect <<<"$output")" = true ]
	done
}

@test "under the plain runtime, the key of attack-read.sh arrives, ten times of ten" {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		run "$DEMO_SOURCE/attack-read.sh"
		echo "$i: $output"
		[ "$(jq .effect <<<"$output")" = true ]
	done
}

@test "without a vulnerable server, neither attack claims an effect" {
	HOST=192.0.2.1 run "$DEMO_SOURCE/attack-read.sh"
	[ "$(jq .effect <<<"$output")" = false ]
	HOST=192.0.2.1 run "$DEMO_SOURCE/attack-shell.sh"
	[ "$(jq .effect <<<"$output")" = false ]
}

@test "each call of attack-read.sh is one that honest serving makes too" {
	trace "$BATS_TEST_TMPDIR/honest" "$DEMO_SOURCE/load.sh" 2 2
	trace "$BATS_TEST_TMPDIR/attack" "$DEMO_SOURCE/attack-read.sh"
	call_names "$BATS_TEST_TMPDIR/honest" >"$BATS_TEST_TMPDIR/known"
	call_names "$BATS_TEST_TMPDIR/attack" >"$BATS_TEST_TMPDIR/used"
	grep -qx sendto "$BATS_TEST_TMPDIR/used"
	run comm -13 "$BATS_TEST_TMPDIR/known" "$BATS_TEST_TMPDIR/used"
	echo "$output"
	[ -z "$output" ]
}
