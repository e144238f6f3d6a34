#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# differential.sh [--short] [--enforce] PLAIN OTHER - does podman see a difference between two runtimes?
#
# Every step of `steps` is made under PLAIN and under OTHER, with a storage of our own; output, exit status, `podman inspect`,
# the container's config.json, cgroup files and process attributes must be equal but for what differs from one run to the next
# (IDs, pids, times, the runtime's name).  In the end nothing may be left.  OTHER may be "thymus": then in front of PLAIN, with
# a policy of our own, while it learns; with --enforce once more with all that was learned in force: still no difference, and
# no incident.  --short: only steps whose name begins with *.
# Prints TAP; exit status 1 if anything differs.  KEEP=1 keeps the folder of outputs.
set -u

here=$(cd "$(dirname "$0")" && pwd)
short='' enforce=''
while [[ ${1:-} = --* ]]; do
	case $1 in
	--short) short=1 ;;
	--enforce) enforce=1 ;;
	*) set -- ;;
	esac
	shift
done
[ $# -eq 2 ] || { echo "usage: differential.sh [--short] [--enforce] PLAIN OTHER" >&2; exit 2; }
plain=$(realpath "$(type -P "$1")") && other=$2 || exit 2
WORK=$(mktemp -d /tmp/thymus-podman.XXXXXX) || exit 2
RUNTIME=$plain
# shellcheck source=test/podman/lib.bash disable=SC1091
source "$here/lib.bash"

finish() {
	[ -z "${KEEP:-}" ] || { cp -r "$WORK/out" "$WORK.out"; echo "# outputs are in $WORK.out"; }
	podman_down
	rmdir "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM

run() { podman run --network none "$@"; }

serves() { wait_for 20 test -e "$WORK/cmd.$1/proof-alive"; }

# The server's /tmp is a folder of ours.
up() { # NAME FLAGS...
	local name=$1 net=(--network none)
	shift
	[[ " $* " != *" --pod "* ]] || net=()
	rm -rf "$WORK/cmd.$name"
	mkdir -m 1777 "$WORK/cmd.$name"
	podman run -d --name "$name" "${net[@]}" -v "$WORK/cmd.$name:/tmp" "$@" "$IMAGE" && serves "$name"
}

# What of `podman inspect` must not depend on the runtime.
facts() {
	jq -S '.[0] | del(.State.Pid, .State.ConmonPid, .State.StartedAt, .State.FinishedAt, .OCIRuntime, .SizeRw,
		.Config.Hostname, .Config.CreateCommand, .HostConfig.CreateCommand, .State.CheckpointedAt, .State.RestoredAt) | .Config.Env |= sort' # podman orders them by chance
}

# What the runtime was given, but for our hooks.
config() {
	jq -S 'del(.hooks, .root.path, .hostname, .linux.cgroupsPath) | .process.env |= sort | .mounts |= sort_by(.destination)' "$(podman inspect -f '{{.OCIConfigPath}}' "$1")"
}

init_pid() { podman inspect -f '{{.State.Pid}}' "$1"; }

process() {
	local pid
	pid=$(init_pid "$1")
	process_facts "$pid" 'Name|Umask|Uid|Gid|Groups|Sig[BIC]|ShdPnd|Cap|NoNewPrivs|Seccomp|Threads'
	awk '{ print $5, $6, $9 }' "/proc/$pid/mountinfo" | sort # podman orders them by chance
}

shared() { # NAME NAME: which namespaces two containers share
	local a b name
	a=$(init_pid "$1") b=$(init_pid "$2")
	for name in ipc mnt net pid user uts; do
		[ "/proc/$a/ns/$name" -ef "/proc/$b/ns/$name" ] && echo "$name is shared"
	done
	true
}

cgroup() {
	local pid path mount file
	pid=$(init_pid "$1")
	cat "/proc/$pid/cgroup"
	while IFS=: read -r _ mount path; do
		mount=${mount#name=}
		for file in /sys/fs/cgroup/"${mount:-unified}$path" "/sys/fs/cgroup$path"; do
			[ -d "$file" ] || continue
			(cd "$file" && grep -sH . memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max memory.swap.max \
				cpu.shares cpu.weight pids.max freezer.state cgroup.freeze devices.list)
		done
	done <"/proc/$pid/cgroup"
}

# Equal but for what changes from run to run.
normal() {
	sed -E -e 's/[0-9a-f]{64}/ID/g' -e 's/\b[0-9a-f]{12}\b/ID/g' -e "s,$RUNTIME,RUNTIME,g" -e "s,$plain,RUNTIME,g" \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+( ?(Z|[+-][0-9:]+)( [A-Z]+)?)?/TIME/g' \
		-e 's,overlay/[^ ,:"]*,LAYER,g' -e 's/l\/[A-Z0-9]{26}/l\/LAYER/g' \
		-e 's/^(0::|[0-9]+:)/N:/' -e 's/process_linux.go:[0-9]+/LINE/' \
		-e 's,/proc/[0-9]+/ns,/proc/PID/ns,g' -e 's/"lockNumber": [0-9]+/"lockNumber": N/' \
		-e 's/\b(About )?(a|an|[0-9]+|Less than a) (second|minute)s? ago/AGO/g' -e 's/[0-9.]+(ms|µs|s)\b/SPAN/g'
}

# Container-made things that are still there.
leftovers() { # OUT
	# podman's own mount of its storage goes with the last container
	awk -v work="$WORK/" 'index($5, work) == 1 && $5 != work "root/overlay" { print $5 }' /proc/self/mountinfo | sort >"$1.mounts"
	# crun makes plain folders where it expects the unified hierarchy
	find /sys/fs/cgroup -type d \( -fstype cgroup -o -fstype cgroup2 \) -path '*libpod-*' 2>/dev/null | sort >"$1.cgroups"
	{ find "$WORK/run/containers" /run/runc /run/crun -mindepth 1 -maxdepth 1
	  find "$WORK/root/overlay-containers" "$WORK/runroot/overlay-containers" -mindepth 1 -maxdepth 1 -type d
	} 2>/dev/null | sort >"$1.files"
	processes | sort >"$1.processes"
}

# Who carries our folder in environment, command line or current folder; we ourselves are not meant.
processes() {
	local pid
	for pid in /proc/[0-9]*; do
		case ${pid#/proc/} in "$$" | "$BASHPID" | "$PPID") continue ;; esac
		if grep -qsF "$WORK" "$pid/cmdline" || grep -qszF "CONTAINERS_CONF=$WORK" "$pid/environ" ||
			[[ $(readlink "$pid/cwd") = "$WORK"/* ]]; then
			[ "$(awk '/^PPid/ { print $2 }' "$pid/status")" = $$ ] && continue
			tr '\0' ' ' <"$pid/cmdline"
			echo
		fi
	done 2>/dev/null
}

quiet_again() { # OUT: what ends a moment later may do so
	leftovers "$1.after"
	local i
	for i in mounts cgroups files processes; do
		cmp -s "$1.before.$i" "$1.after.$i" || return 1
	done
}

chosen() { # NAME TEXT of `steps`
	[[ -n $1 && $1 != \#* && ( -z $short || $1 = \** ) ]]
}

# All steps under one runtime; outputs into $WORK/out/NAME/STEP.{stdout,stderr,status,ms}.
run_steps() { # NAME RUNTIME
	local name text out=$WORK/out/$1 begun to
	RUNTIME=$2
	export PODMAN="podman --root $WORK/root --runroot $WORK/runroot --tmpdir $WORK/tmp --runtime $RUNTIME"
	mkdir -p "$out"
	rm -f "$WORK/bound/back"
	leftovers "$out/.before"
	while IFS=$'\t' read -r name text; do
		chosen "$name" || continue
		to=$out/${name#\*}
		begun=$(date +%s%3N)
		(eval "$text") </dev/null >"$to.raw" 2>"$to.raw2"
		echo $? >"$to.status"
		echo $(($(date +%s%3N) - begun)) >"$to.ms"
		normal <"$to.raw" >"$to.stdout"
		normal <"$to.raw2" >"$to.stderr"
	done <"$here/steps"
	{ podman pod rm -f -a -t 0; podman rm -f -a -t 0; } >/dev/null 2>&1
	wait_for 10 quiet_again "$out/"
}

compare_step() { # RUN NAME
	local a=$WORK/out/plain/$2 b=$WORK/out/$1/$2 reason=$WORK/reason part rc=0 took
	: >"$reason"
	for part in status stdout stderr; do
		diff -u --label "plain $part" --label "$1 $part" "$a.$part" "$b.$part" >>"$reason" || rc=1
	done
	# runc 1.3 looks for the program after the hooks: nothing was learned of one that is not there, and enforce says so first
	[[ $1 != enforce || $2 != run-12[67] ]] || ! grep -q 'has no profile to enforce' "$b.stderr" || rc=0
	took=$(($(cat "$b.ms") - $(cat "$a.ms")))
	if [ $took -gt 10000 ]; then
		echo "took $took ms longer than under the plain runtime" >>"$reason"
		rc=1
	fi
	tap $rc "$1: $2 (status $(cat "$a.status"), $took ms more)" "$reason"
}

compare() { # RUN
	local name i
	while IFS=$'\t' read -r name _; do
		chosen "$name" && compare_step "$1" "${name#\*}"
	done <"$here/steps"
	for i in mounts cgroups files processes; do
		comm -13 "$WORK/out/$1/.before.$i" "$WORK/out/$1/.after.$i" >"$WORK/reason"
		[ ! -s "$WORK/reason" ]
		tap $? "$1: no $i are left behind" "$WORK/reason"
	done
}

# A container that was not watched was not compared either.
was_learned() {
	[ "$(ask profile ls --json | jq 'length')" -ge 2 ] && grep -q '"type": *"' "$WORK/log/events.jsonl" 2>/dev/null
}

# What was learned by the same steps a moment ago.
judge() {
	local name
	for name in $(ask profile ls --json | jq -r '.[].name' | sort -u); do
		ask profile --force promote "$name" >/dev/null || return 1
	done
	jq '.mode = "enforce"' "$WORK/thymus.json" >"$WORK/thymus.new" && mv "$WORK/thymus.new" "$WORK/thymus.json" &&
		chmod 600 "$WORK/thymus.json"
}

for i in podman conmon jq script; do
	command -v $i >/dev/null || { echo "differential.sh: $i is missing" >&2; exit 2; }
done
podman_up && podman_image || exit 2
run_steps plain "$plain"
if [ "$other" != thymus ]; then
	run_steps other "$(realpath "$(type -P "$other")")"
	compare other
else
	export PLAIN=$plain
	write_policy '.delegate = env.PLAIN | .on_upgrade = "learn"' && write_thymus "$WORK/thymus" "$THYMUS" "$WORK/thymus.json" || exit 2
	run_steps learn "$WORK/thymus"
	compare learn
	if [ -n "$enforce" ]; then
		judge
		tap $? "enforce: what was learned is in force"
		run_steps enforce "$WORK/thymus"
		compare enforce
		ask incident ls >"$WORK/reason"
		[ "$(ask incident ls --json | jq length)" = 0 ]
		tap $? "enforce: no incident" "$WORK/reason"
	fi
	grep '"error"' "$WORK/log/events.jsonl" 2>/dev/null | grep -v 'io.thymus.mode=off is not admitted' >"$WORK/reason"
	[ ! -s "$WORK/reason" ]
	tap $? "no error is recorded" "$WORK/reason"
fi
echo "1..$count"
[ $failed -eq 0 ]
