#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# load.sh SEED SECONDS - varied honest use of the demo's server.  A seed settles order, sizes and
# timing, never the kinds: every kind comes in every round, at least one round is made.
#
#	CLIENT    words before each client command      HOST       address of the server
#	KEY_FILE  the guestbook's key                   SIGNAL     command that sends the entry the
#	                                                           signal named after it; may be empty
#	QUICK     1: no pauses between rounds
#
# Prints {"load","seed","seconds","requests","failed"}; a failed one is told on stderr.
# Exit status 1 if any request got another answer than it should.
set -u

seed=${1:?usage: load.sh SEED SECONDS}
seconds=${2:?usage: load.sh SEED SECONDS}
: "${HOST:?}" "${KEY_FILE:?}"
key=$(cat "$KEY_FILE") || exit 2
work=$(mktemp -d) || exit 2
base=http://$HOST
end=$((SECONDS + seconds))

client() {
	# shellcheck disable=SC2086 # words on purpose
	timeout 20 ${CLIENT:-} "$@"
}

# want STATUS ARGS...: one request; the answer's status must be as said.
want() {
	local status=$1 got
	shift
	got=$(client curl -g -s -m 10 -o /dev/null -w '%{http_code}' "$@")
	echo request >>"$work/log.$stream"
	[ "$got" = "$status" ] && return
	echo "load.sh: wanted $status, got $got: ${*: -1}" >&2
	echo failed >>"$work/log.$stream"
}

# Whatever comes back: clients that go away, or speak nonsense.
rude() {
	"$@" >/dev/null 2>&1
	echo request >>"$work/log.$stream"
}

body() { # SIZE
	head -c "$1" /dev/zero | tr '\0' x >"$work/body.$stream"
}

page() { want 200 "$base/page$((RANDOM % 6 + 1)).txt"; }
zipped() { want 200 --compressed "$base/page$((RANDOM % 6 + 1)).txt"; }
large() { want 200 "$base/large.bin"; }
range() { want 206 -r "$((RANDOM))-$((RANDOM + 40000))" "$base/large.bin"; }
head_only() { want 200 -I "$base/page1.txt"; }
unchanged() { want 304 -H 'If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT' "$base/index.html"; }
missing() { want 404 "$base/nothing$RANDOM"; }
post_file() { want 405 -d x "$base/page1.txt"; }
old() { want 301 "$base/old"; }
closed() { want 403 "$base/closed"; }
folder() { want 200 "$base/up/"; }
too_big() { want 413 -H 'Content-Length: 9000000' -X PUT "$base/up/big"; }
put() {
	local file=$base/up/f$stream
	body $((RANDOM * (RANDOM % 40) + 1))
	want 201 -T "$work/body.$stream" "$file"
	want 200 "$file"
	body $((RANDOM % 2000))
	want 204 -T "$work/body.$stream" "$file"
	want 204 -X DELETE "$file"
}
alive() { # several requests on one connection
	local i urls=()
	for ((i = RANDOM % 6 + 2; i > 0; i--)); do urls+=("$base/page$((RANDOM % 6 + 1)).txt"); done
	rude client curl -s "${urls[@]}"
}
crowd() { # several connections at once
	local i urls=()
	for ((i = RANDOM % 12 + 4; i > 0; i--)); do
		urls+=(-o /dev/null "$base/page$((i % 6 + 1)).txt" -o /dev/null "$base/app/entry?name=anna")
	done
	rude client curl -s -Z "${urls[@]}"
}
goes_away() { rude client curl -s -m "0.0$((RANDOM % 9 + 1))" --limit-rate 50k "$base/large.bin"; }
half() { printf 'GET /page1.txt HTTP/1.1\r\nHost:' | rude client nc -q 0 -w 1 "$HOST" 80; }
slow() {
	{ printf 'GET /page1.txt HTTP/1.1\r\n'
		sleep "0.$((RANDOM % 3 + 1))"
		printf 'Host: x\r\nConnection: close\r\n\r\n'; } | rude client nc -q 1 -w 2 "$HOST" 80
}
nonsense() { printf 'HELO %s\r\n\r\n' $RANDOM | rude client nc -q 1 -w 1 "$HOST" 80; }
entries() { want 200 "$base/app/"; }
entry() { want 200 "$base/app/entry?name=anna"; }
entry_missing() { want 404 "$base/app/entry?name=nobody%20$RANDOM"; }
entry_long() { want 404 "$base/app/entry?name=$(printf '%060d' $RANDOM)"; }
entry_bad() { want 404 "$base/app/entry?name=..%2f..%2fetc%2fpasswd"; }
no_route() { want 404 "$base/app/raw?name=anna"; }
export_all() { want 200 "$base/app/export"; }
checksum() { want 200 "$base/app/checksum?name=bert"; }
checksum_missing() { want 404 "$base/app/checksum?name=nobody"; }
entry_big() { body 600000; want 413 --data-binary "@$work/body.$stream" "$base/app/entry?name=x"; }
write_entry() {
	local name=e$seed-$stream
	body $((RANDOM % 4 ? RANDOM % 4000 + 1 : RANDOM * 5 + 1))
	want 201 --data-binary "@$work/body.$stream" "$base/app/entry?name=$name"
	want 200 "$base/app/entry?name=$name"
	want 403 -X DELETE "$base/app/entry?name=$name"
	want 200 -X DELETE -H "X-Key: $key" "$base/app/entry?name=$name"
	want 404 -X DELETE -H "X-Key: $key" "$base/app/entry?name=$name"
}

kinds=(page zipped large range head_only unchanged missing post_file old closed folder too_big put
	alive crowd goes_away half slow nonsense entries entry entry_missing entry_long entry_bad
	no_route export_all checksum checksum_missing entry_big write_entry)

# Every kind once, in an order of the seed's.
run_round() {
	local i j swap order=("${kinds[@]}")
	for ((i = ${#order[@]} - 1; i > 0; i--)); do
		j=$((RANDOM % (i + 1)))
		swap=${order[i]} order[i]=${order[j]} order[j]=$swap
	done
	for i in "${order[@]}"; do "$i"; done
}

run_stream() { # NUMBER
	stream=$1
	RANDOM=$((seed * 7 + stream))
	: >"$work/log.$stream"
	while run_round; [ $SECONDS -lt $end ]; do
		[ -n "${QUICK:-}" ] || sleep "0.$((RANDOM % 4))"
	done
}

# Reload and log rotation, from outside: an operator's acts, about each fifth second.
run_operator() {
	local i signal=HUP
	RANDOM=$((seed * 7))
	for ((i = 0; i == 0 || SECONDS < end - 1; i++)); do
		sleep "$((RANDOM % 3)).5"
		# shellcheck disable=SC2086 # words on purpose
		$SIGNAL $signal >/dev/null 2>&1 || echo "load.sh: $SIGNAL $signal failed" >&2
		if [ $signal = HUP ]; then signal=USR1; else signal=HUP; fi
	done
}

trap 'rm -rf "$work"' EXIT
begun=$SECONDS
run_stream 1 &
jobs=$!
run_stream 2 &
jobs="$jobs $!"
if [ -n "${SIGNAL:-}" ]; then
	run_operator &
	jobs="$jobs $!"
fi
# shellcheck disable=SC2086 # words on purpose
wait $jobs
requests=$(cat "$work"/log.* | grep -c request)
failed=$(cat "$work"/log.* | grep -c failed)
printf '{"load":"guestbook","seed":%d,"seconds":%d,"requests":%d,"failed":%d}\n' \
	"$seed" $((SECONDS - begun)) "$requests" "$failed"
[ "$failed" -eq 0 ]
