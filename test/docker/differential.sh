#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# differential.sh [-u] [-s STEPS] RUNTIME [ARGS...] - does Docker see a difference between runc and RUNTIME?
# differential.sh [-u] [-s STEPS] -t THYMUS - ... and THYMUS while it learns, and again when it enforces what it learned?
#
# Every step of `steps` (those whose name matches the regular expression STEPS) is made under runc and under RUNTIME by a
# dockerd of our own; output, exit status, `docker inspect`, cgroup files and process attributes must be equal but for
# what differs from one run to the next (IDs, pids, times, the runtime's name).  In the end nothing may be left.
# -u: with userns-remap.  Prints TAP; exit status 1 if anything differs.  KEEP=1 keeps the folder of outputs.
set -u

here=$(cd "$(dirname "$0")" && pwd)
usage() { echo "usage: differential.sh [-u] [-s STEPS] RUNTIME [ARGS...] | -t THYMUS" >&2; exit 2; }
only=. remap='' phases=(runc thymus)
while getopts s:tu option; do
	case $option in
	s) only=$OPTARG ;;
	t) phases=(runc learn enforce) ;;
	u) remap=1 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || usage
runtime=$(realpath "$1") || exit 2
THYMUS=$runtime
shift
WORK=$(mktemp -d /tmp/thymus-docker.XXXXXX) || exit 2
# shellcheck source=test/docker/lib.bash disable=SC1091
source "$here/lib.bash"

run() { docker run --runtime "$RUNTIME_NAME" --network none "$@"; }

# What of `docker inspect` must not depend on the runtime.
facts() {
	jq -S '.[0] | {Path, Args, Image, RestartCount, HostConfig, Mounts, Config,
		State: (.State | del(.Pid, .StartedAt, .FinishedAt))}
		| del(.HostConfig.Runtime, .Config.Hostname)'
}

restarted() { [ "$(docker inspect -f '{{.RestartCount}}' "$1")" -ge "$2" ]; }
health() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$1")" = "$2" ]; }

# A client is attached to it: each holds a connection of dockerd's to the socket beside the one that asks.
attached() { [ "$(ss -x state established src "$WORK/docker.sock" | grep -c docker.sock)" -ge 1 ]; }

# Under thymus: its keeper and monitor live.  Prints only what is wrong.
watched() { # NAME
	local pid id
	[ "$PHASE" = runc ] && return
	[ -d "$WORK/run/containers" ] || return
	id=$(basename "$(dirname "$(grep -ls "\"pid\": *$(lived_pid "$1")," "$WORK"/run/containers/*/state.json)")")
	for pid in $(jq '.keeper, .monitor' "$WORK/run/containers/$id/state.json"); do
		[[ $(cat "/proc/$pid/comm") = thymus-* ]] || echo "$1: process $pid is not there"
	done
}
lived_pid() { # of the container, daemon or no daemon
	docker inspect -f '{{.State.Pid}}' "$1" 2>/dev/null >"$WORK/pid.new" && mv "$WORK/pid.new" "$WORK/pid"
	cat "$WORK/pid"
}

process() {
	local pid
	pid=$(init_pid "$1")
	process_facts "$pid" 'Name|Umask|State|Uid|Gid|Groups|Sig[PBIC]|ShdPnd|Cap|NoNewPrivs|Seccomp|Threads'
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
				memory.max memory.swap.max cpu.shares cpu.weight cpu.cfs_quota_us pids.max freezer.state \
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
		-e "s/$(basename "$WORK")/WORK/g" -e 's/^(0::|[0-9]+:)/N:/' -e 's/l\/[A-Z0-9]{26}/l\/LAYER/g' -e 's/process_linux.go:[0-9]+/LINE/'
}

# Container-made things that are still there.
leftovers() { # OUT
	awk -v work="$WORK/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | sort >"$1.mounts"
	find /sys/fs/cgroup -type d -path '*/docker/*' 2>/dev/null | sort >"$1.cgroups"
	{ find "$WORK/exec" -path '*/runtime-*/moby/*' -o -path '*/io.containerd.runtime*/moby/*' \
		-o -path "$WORK/exec/containerd/*.pid"; find "$WORK/data/containers" -mindepth 1
	} 2>/dev/null | sort >"$1.files"
	processes | sort >"$1.processes"
}

wanted() { [[ -n $1 && $1 != \#* && $1 =~ $only ]]; }

nothing_left() { # OUT
	local i
	leftovers "$1/.after"
	for i in mounts cgroups files processes; do
		diff "$1/.before.$i" "$1/.after.$i" || return 1
	done
}

# All steps under one runtime; outputs into $WORK/out.NAME/STEP.{stdout,stderr,status,ms}.
run_steps() { # PHASE
	local name text out begun to
	PHASE=$1
	[ "$PHASE" = runc ] && RUNTIME_NAME=runc || RUNTIME_NAME=thymus
	export RUNTIME_NAME IMAGE ENTRY WORK
	out=$WORK/out.$1
	mkdir -p "$out"
	rm -f "$WORK/bound/back"
	leftovers "$out/.before"
	while IFS=$'\t' read -r name text; do
		wanted "$name" || continue
		to=$out/$name
		begun=$(date +%s%3N)
		(eval "$text") </dev/null >"$to.raw" 2>"$to.raw2"
		echo $? >"$to.status"
		echo $(($(date +%s%3N) - begun)) >"$to.ms"
		normal <"$to.raw" >"$to.stdout"
		normal <"$to.raw2" >"$to.stderr"
	done <"$here/steps"
	docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
	until_so nothing_left "$out"
}

compare_step() { # NAME PHASE
	local a=$WORK/out.runc/$1 b=$WORK/out.$2/$1 reason=$WORK/reason part rc=0 took
	: >"$reason"
	for part in status stdout stderr; do
		diff -u --label "runc $part" --label "runtime $part" "$a.$part" "$b.$part" \
			>>"$reason" || rc=1
	done
	took=$(($(cat "$b.ms") - $(cat "$a.ms")))
	if [ $took -gt 20000 ]; then
		echo "took $took ms longer than under runc" >>"$reason"
		rc=1
	fi
	tap $rc "$1: $2 (status $(cat "$a.status"), $took ms more)" "$reason"
}

compare() { # PHASE
	local name i
	while IFS=$'\t' read -r name _; do
		! wanted "$name" || compare_step "$name" "$1"
	done <"$here/steps"
	for i in mounts cgroups files processes; do
		comm -13 "$WORK/out.$1/.before.$i" "$WORK/out.$1/.after.$i" >"$WORK/reason"
		[ ! -s "$WORK/reason" ]
		tap $? "no $i are left behind: $1" "$WORK/reason"
	done
}

# What was learned is enforced from here on.
enforce() {
	local name
	for name in $(ask profile ls --json | jq -r '.[].name'); do
		ask profile --force promote "$name"
	done >/dev/null
	ask mode enforce --all >/dev/null
}

no_incident() {
	ask incident ls --json | jq -r '.[].id' >"$WORK/incidents.ids"
	xargs -r -n1 "$THYMUS" --thymus-policy "$WORK/thymus.json" incident show <"$WORK/incidents.ids" >"$WORK/reason"
	tap "$(wc -l <"$WORK/incidents.ids")" "nothing was acted on" "$WORK/reason"
	# shellcheck disable=SC2016 # jq's
	jq -r 'select(.type == "error") | .container[:12] + " " + .message' "$WORK/log/events.jsonl" >"$WORK/reason"
	tap "$(wc -l <"$WORK/reason")" "thymus notes no error" "$WORK/reason"
}

for i in dockerd docker jq script ss; do
	command -v $i >/dev/null || { echo "differential.sh: $i is missing" >&2; exit 2; }
done
mkdir "$WORK/bound"
echo word >"$WORK/bound/word"
install -m755 /bin/cat "$WORK/bound/tool"
printf '#!/bin/sh\necho entered with "$@"\nexec "$@"\n' >"$WORK/entry.sh"
chmod 755 "$WORK/entry.sh"
[ "${phases[1]}" = thymus ] || { thymus_instance || exit 2; set -- --thymus-policy "$WORK/thymus.json"; }
[ -z "$remap" ] || docker_remap
"$here/../demo/rootfs.sh" "$WORK/rootfs" && docker_up "$runtime" "$@" &&
	docker_image "$WORK/rootfs" && docker_script "$WORK/entry.sh" || exit 2
for phase in "${phases[@]}"; do
	[ "$phase" != enforce ] || enforce
	run_steps "$phase"
done
for phase in "${phases[@]:1}"; do compare "$phase"; done
[ "${phases[1]}" = thymus ] || no_incident
echo "1..$count"
[ $failed -eq 0 ]
