#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# differential.sh THYMUS | --control RUNTIME [STEPS] - does containerd see a difference between runc and thymus?
#
# Every step of `steps` is made by `ctr` or by a client of the CRI, in a containerd of our own: under runc, under thymus while
# it learns, and under thymus that enforces what it learned by the same steps.  Output, exit status, cgroup files and process
# attributes must be equal but for what differs from one run to the next, nothing may be left in the end, and nothing that was
# learned may be an incident.  --control: RUNTIME in thymus' place, once.  STEPS: those whose lines match.
# Prints TAP; exit status 1 if anything differs.  KEEP: a folder for the outputs.
set -u

[ -n "${OWN_NET:-}" ] || exec unshare --net env OWN_NET=1 "$0" "$@"
control=
[ "${1:-}" != --control ] || { control=1; shift; }
runtime=$(realpath "${1:?usage: differential.sh THYMUS | --control RUNTIME [STEPS]}") || exit 2
only=${2:-.}
# shellcheck source=test/containerd/instance.bash disable=SC1091
source "$(dirname "$0")/instance.bash"

# Equal but for what changes from run to run.
normal() {
	sed -E -e 's/[0-9a-f]{64}/ID/g' -e 's/\b[0-9a-f]{12,13}\b/ID/g' -e "s,$WORK,WORK,g" \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)?/TIME/g' -e 's/[0-9]{10,19}/TIME/g' \
		-e 's/^(0::|[0-9]+:)/N:/' -e 's/\bcni-[0-9a-f-]{36}/CNI/g' -e 's/10\.245\.7\.[0-9]+/ADDRESS/g' \
		-e 's/snapshots\/[0-9]+/snapshots\/N/g' -e 's,[^ "]*/(runc|runtime) did not,RUNTIME did not,g' \
		-e 's/(process_linux|rootfs_linux|standard_init_linux)\.go:[0-9]+/LINE/'
}

steps() { grep -v -e '^#' -e '^$' "$here/steps" | grep -E "$only"; }

leftovers() { # FILE: what containers made and is still there
	{
		awk -v state="$DATA/state/" 'index($5, state) == 1 { print "mount", $5 }' /proc/self/mountinfo
		find /sys/fs/cgroup -type d -path "*$CGROUP/*" -printf 'cgroup %p\n' 2>/dev/null
		find "$WORK/rt" "$DATA"/state/io.containerd.runtime.v2.task -mindepth 2 -printf 'file %p\n' 2>/dev/null
		find "$WORK/thymus/run/containers" -name state.json -printf 'watched %p\n' 2>/dev/null
		grep -lsz -e "$WORK" /proc/[0-9]*/cmdline | while read -r file; do
			case $(cat "${file%cmdline}comm" 2>/dev/null) in
			containerd-shim* | runc* | crun* | thymus*) printf 'process '; tr '\0' ' ' <"$file"; echo ;;
			esac
		done
	} | sort >"$1"
}

nothing_left() { leftovers "$1"; [ ! -s "$1" ]; }

step() { # TO TEXT
	local begun
	begun=$(date +%s%3N)
	(eval "$2") </dev/null >"$1.raw" 2>"$1.raw2"
	echo $? >"$1.status"
	echo $(($(date +%s%3N) - begun)) >"$1.ms"
	normal <"$1.raw" >"$1.stdout"
	normal <"$1.raw2" >"$1.stderr"
}

# ctr may leave before it has printed all that a short command said, under whatever runtime: what can be done again is, until
# it was the same twice.
settle() { # TO TEXT
	local was="" now i
	for ((i = 0; i < 4; i++)); do
		step "$@"
		now=$(cat "$1.status" "$1.stdout" "$1.stderr")
		[ $i -eq 0 ] || [ "$now" != "$was" ] || return
		was=$now
	done
}

# All steps; outputs into $WORK/out.NAME/STEP.{stdout,stderr,status,ms}.
run_steps() { # NAME HANDLER
	local name text out=$WORK/out.$1
	HANDLER=$2 RUN=$1
	[ "$HANDLER" = runc ] && RUNTIME=$runc || RUNTIME=$BINARY
	export HANDLER RUN RUNTIME
	mkdir -p "$out"
	rm -rf "$WORK/ids" "$WORK/logs"
	mkdir -p "$WORK/ids" "$WORK/logs"
	while IFS=$'\t' read -r name text; do
		name=${name#-}
		case $name in
		run* | exec* | sync*) settle "$out/$name" "$text" ;;
		*) step "$out/$name" "$text" ;;
		esac
		[ "$RUN" != enforce ] || ask status --json | jq -r '.containers[].mode' >>"$WORK/modes"
	done < <(steps)
	wait_for 30 nothing_left "$out.left"
}

refused() { # STEP
	local to=$WORK/out.enforce/$1
	cat "$to.stdout" "$to.stderr"
	cmp "$WORK/out.runc/$1.status" "$to.status" && grep -q 'has no profile to enforce' "$to.stdout" "$to.stderr"
}

compare() { # NAME: with runc's
	local name text part rc reason=$WORK/reason took
	while IFS=$'\t' read -r name text; do
		rc=0
		: >"$reason"
		if [[ $1 = enforce && $name = -* ]]; then
			refused "${name#-}" >"$reason"
			tap $? "$1: ${name#-}: refused, for there is nothing to enforce" "$reason"
			continue
		fi
		name=${name#-}
		for part in status stdout stderr; do
			diff -u --label "runc $part" --label "$1 $part" "$WORK/out.runc/$name.$part" \
				"$WORK/out.$1/$name.$part" >>"$reason" || rc=1
		done
		took=$(($(cat "$WORK/out.$1/$name.ms") - $(cat "$WORK/out.runc/$name.ms")))
		if [ $took -gt 30000 ]; then
			echo "took $took ms longer than under runc" >>"$reason"
			rc=1
		fi
		tap $rc "$1: $name (status $(cat "$WORK/out.runc/$name.status"), $took ms more)" "$reason"
	done < <(steps)
	[ ! -s "$WORK/out.$1.left" ]
	tap $? "$1: nothing is left behind" "$WORK/out.$1.left"
}

enforce() {
	promote_all >"$WORK/reason" 2>&1 && [ -s "$WORK/reason" ]
	tap $? "what was learned is promoted" "$WORK/reason"
	policy enforce
}

# What was not watched was not compared either.
was_enforced() {
	[ "$(sort -u "$WORK/modes" | tee "$WORK/reason")" = enforce ]
	tap $? "whenever a container was looked at, it was enforced" "$WORK/reason"
}

no_incident() {
	ask incident ls >"$WORK/reason"
	[ ! -s "$WORK/reason" ]
	tap $? "nothing was acted on" "$WORK/reason"
	# shellcheck disable=SC2016 # jq's
	jq -r 'select(.type == "error" and (.message | contains("is not admitted by policy") | not)) | .container[:12] + " " + .message' "$WORK/thymus/log/events.jsonl" >"$WORK/reason" 2>&1
	[ ! -s "$WORK/reason" ]
	tap $? "thymus notes no error" "$WORK/reason"
}

[ -n "$(steps)" ] || { echo "differential.sh: no step matches" >&2; exit 2; }
begin || exit 2
run_steps runc runc
run_steps learn thymus
compare learn
if [ -z "$control" ]; then
	enforce
	run_steps enforce thymus
	compare enforce
	was_enforced
	no_incident
fi
# shellcheck disable=SC2154 # tap.bash counts
{
	echo "1..$count"
	[ "$failed" -eq 0 ]
}
