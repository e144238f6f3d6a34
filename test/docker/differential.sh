#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# differential.sh RUNTIME [ARGS...] - does Docker see a difference between runc and RUNTIME?
#
# Every step of `steps` is made under runc and under RUNTIME by a dockerd of our own; output, exit
# status, `docker inspect`, cgroup files and process attributes must be equal but for what differs
# from one run to the next (IDs, pids, times, the runtime's name).  In the end nothing may be left.
# Prints TAP; exit status 1 if anything differs.  KEEP=1 keeps the folder of outputs.
set -u

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "usage: differential.sh RUNTIME [ARGS...]" >&2; exit 2; }
runtime=$(realpath "$1") || exit 2
shift
WORK=$(mktemp -d /tmp/thymus-docker.XXXXXX) || exit 2
# shellcheck source=test/docker/lib.bash disable=SC1091
source "$here/lib.bash"

finish() {
	docker_down
	if [ -n "${KEEP:-}" ]; then echo "# outputs are in $WORK"; else rm -rf "$WORK"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

run() { docker run --runtime "$RUNTIME_NAME" --network none "$@"; }

# What of `docker inspect` must not depend on the runtime.
facts() {
	jq -S '.[0] | {Path, Args, Image, RestartCount, HostConfig, Mounts, Config,
		State: (.State | del(.Pid, .StartedAt, .FinishedAt))}
		| del(.HostConfig.Runtime, .Config.Hostname)'
}

init_pid() { docker inspect -f '{{.State.Pid}}' "$1"; }

process() {
	local pid name
	pid=$(init_pid "$1")
	grep -E '^(Name|Umask|State|Uid|Gid|Groups|Sig[QPBIC]|ShdPnd|Cap|NoNewPrivs|Seccomp|Threads)' \
		"/proc/$pid/status" | grep -v SigQ
	cat "/proc/$pid/oom_score_adj" "/proc/$pid/limits"
	tr '\0' '\n' <"/proc/$pid/environ" | sort
	for name in cgroup ipc mnt net pid user uts; do
		if [ "/proc/$pid/ns/$name" -ef "/proc/self/ns/$name" ]; then
			echo "$name is the host's"
		else
			echo "$name is its own"
		fi
	done
	for name in "/proc/$pid"/fd/*; do
		echo "fd ${name##*/} $(readlink "$name" | sed 's/[0-9]\{2,\}/N/g')"
	done
	awk '{ print $5, $6, $9 }' "/proc/$pid/mountinfo"
}

cgroup() {
	local pid path mount file
	pid=$(init_pid "$1")
	cat "/proc/$pid/cgroup"
	while IFS=: read -r _ mount path; do
		mount=${mount#name=}
		for file in /sys/fs/cgroup/"${mount:-unified}$path" "/sys/fs/cgroup$path"; do
			[ -d "$file" ] || continue
			(cd "$file" && grep -sH . memory.limit_in_bytes memory.memsw.limit_in_bytes \
				memory.max memory.swap.max cpu.shares cpu.weight pids.max freezer.state \
				cgroup.freeze devices.list)
		done
	done <"/proc/$pid/cgroup"
}

# Equal but for what changes from run to run.
normal() {
	sed -E -e 's/[0-9a-f]{64}/ID/g' -e 's/\b[0-9a-f]{12}\b/ID/g' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)?/TIME/g' \
		-e "s/\\bruntime-$RUNTIME_NAME\\b/runtime-NAME/g" -e 's/\boverlay2\/[^ ,:]*/LAYER/g' \
		-e 's/[0-9.]+[KM]iB \//USED \//' \
		-e 's/^(0::|[0-9]+:)/N:/' -e 's/l\/[A-Z0-9]{26}/l\/LAYER/g' -e 's/process_linux.go:[0-9]+/LINE/'
}

# Container-made things that are still there.
leftovers() { # OUT
	awk -v work="$WORK/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | sort >"$1.mounts"
	find /sys/fs/cgroup -type d -path '*/docker/*' 2>/dev/null | sort >"$1.cgroups"
	{ find "$WORK/exec" -path '*/runtime-*/moby/*' -o -path '*/io.containerd.runtime*/moby/*' \
		-o -path "$WORK/exec/containerd/*.pid"; find "$WORK/data/containers" -mindepth 1
	} 2>/dev/null | sort >"$1.files"
	processes >"$1.processes"
}

# Whatever dockerd's children left running: they carry our mark in their environment, or work in
# our folder.  The daemon and its containerd are not meant, nor are we.
processes() {
	local pid
	for pid in /proc/[0-9]*; do
		case $(cat "$pid/comm" 2>/dev/null) in dockerd | containerd | "") continue ;; esac
		if grep -qsz "^THYMUS_DOCKER_TEST=$WORK\$" "$pid/environ" ||
			[[ $(readlink "$pid/cwd") = "$WORK"/* ]]; then
			tr '\0' ' ' <"$pid/cmdline"
			echo
		fi
	done 2>/dev/null
}

# All steps under one runtime; outputs into $WORK/out.NAME/STEP.{stdout,stderr,status,ms}.
run_steps() {
	local name text out begun to
	RUNTIME_NAME=$1
	export RUNTIME_NAME IMAGE WORK
	out=$WORK/out.$1
	mkdir -p "$out"
	rm -f "$WORK/bound/back"
	leftovers "$out/.before"
	while IFS=$'\t' read -r name text; do
		[[ -z $name || $name = \#* ]] && continue
		to=$out/$name
		begun=$(date +%s%3N)
		(eval "$text") </dev/null >"$to.raw" 2>"$to.raw2"
		echo $? >"$to.status"
		echo $(($(date +%s%3N) - begun)) >"$to.ms"
		normal <"$to.raw" >"$to.stdout"
		normal <"$to.raw2" >"$to.stderr"
	done <"$here/steps"
	docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
	sleep 1
	leftovers "$out/.after"
}

count=0 failed=0
tap() { # STATUS TITLE [FILE with the reason]
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count $2"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count $2"
	[ -z "${3:-}" ] || sed 's/^/#   /' "$3" | head -n 40
}

compare_step() { # NAME
	local a=$WORK/out.runc/$1 b=$WORK/out.thymus/$1 reason=$WORK/reason part rc=0 took
	: >"$reason"
	for part in status stdout stderr; do
		diff -u --label "runc $part" --label "runtime $part" "$a.$part" "$b.$part" \
			>>"$reason" || rc=1
	done
	took=$(($(cat "$b.ms") - $(cat "$a.ms")))
	if [ $took -gt 5000 ]; then
		echo "took $took ms longer than under runc" >>"$reason"
		rc=1
	fi
	tap $rc "$1 (status $(cat "$a.status"), $took ms more)" "$reason"
}

for i in dockerd docker jq script; do
	command -v $i >/dev/null || { echo "differential.sh: $i is missing" >&2; exit 2; }
done
mkdir "$WORK/bound"
echo word >"$WORK/bound/word"
"$here/../demo/rootfs.sh" "$WORK/rootfs" && docker_up "$runtime" "$@" &&
	docker_image "$WORK/rootfs" || exit 2
run_steps runc
run_steps thymus
while IFS=$'\t' read -r name _; do
	[[ -z $name || $name = \#* ]] || compare_step "$name"
done <"$here/steps"
for i in mounts cgroups files processes; do
	diff "$WORK/out.thymus/.before.$i" "$WORK/out.thymus/.after.$i" >"$WORK/reason"
	tap $? "no $i are left behind" "$WORK/reason"
done
echo "1..$count"
[ $failed -eq 0 ]
