#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# leaks.sh [-n 200] [-p 20] [-w 2] RUNTIME [ARGS...] | -t THYMUS - what is left when many containers have come and gone?
#
# N containers are started and removed through a dockerd of our own, P at a time, half by themselves (--rm) and half by
# `docker rm -f`.  W seconds after the last, processes, mounts, cgroups, bpffs, run folders, and the descriptors of
# dockerd and containerd must be what they were before.  What runc leaves under the same load is the control, and left
# out.  With -t, thymus must have watched each of them, and noted no error.  Prints TAP; exit status 1 if anything is left.
set -u

here=$(cd "$(dirname "$0")" && pwd)
usage() { echo "usage: leaks.sh [-n N] [-p P] [-w W] RUNTIME [ARGS...] | -t THYMUS" >&2; exit 2; }
number=200 parallel=20 seconds=2 watched=''
while getopts n:p:w:t option; do
	case $option in
	n) number=$OPTARG ;;
	p) parallel=$OPTARG ;;
	w) seconds=$OPTARG ;;
	t) watched=1 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || usage
runtime=$(realpath "$1") || exit 2
export THYMUS=$runtime
shift
WORK=$(mktemp -d /tmp/thymus-docker.XXXXXX) || exit 2
# shellcheck source=test/docker/lib.bash disable=SC1091
source "$here/lib.bash"

# So many descriptors of each kind, as lines of a number each: one more is one line more.  Sockets are left out here and network
# namespaces below: dockerd keeps connections to its clients a while, and collects the namespaces once a minute.
descriptors() { # PID
	local fd
	for fd in "/proc/$1"/fd/*; do readlink "$fd"; done | grep -v '^socket:' | sed -E 's/[0-9a-f]{64}/ID/g; s/[0-9]+/N/g' | sort |
		awk '{ print ++seen[$0], $0 }' | sort
}

look() { # FOLDER
	mkdir -p "$1"
	processes | sort >"$1/processes"
	awk -v work="$WORK/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | sort >"$1/mounts"
	find /sys/fs/cgroup -type d -path "*/$(basename "$WORK")/*" 2>/dev/null | sort >"$1/cgroups"
	find "$WORK/bpf" 2>/dev/null | sort >"$1/bpffs"
	find "$WORK/run" "$WORK/exec" "$WORK/data/containers" -path "$WORK/exec/netns" -prune -o -print 2>/dev/null | sort >"$1/files"
	descriptors "$(cat "$WORK/dockerd.pid")" >"$1/descriptors of dockerd"
	descriptors "$(cat "$WORK/exec/containerd/containerd.pid")" >"$1/descriptors of containerd"
}

one() { # NUMBER RUNTIME
	if [ $(($1 % 2)) -eq 0 ]; then
		docker run --rm --runtime "$2" --network none "$IMAGE" /bin/sh -c '/bin/sleep .1'
	else
		docker rm -f "$(docker run -d --runtime "$2" --network none "$IMAGE" /bin/sleep 1000)"
	fi
}
export -f one
export IMAGE

many() { # RUNTIME NUMBER
	seq "$2" | xargs -P "$parallel" -I N bash -c 'one N '"$1" >/dev/null 2>"$WORK/failures"
}

added() { # KIND RUNTIME: lines that are there now and were not, without numbers of this run
	comm -13 "$WORK/$2.before/$1" "$WORK/$2.after/$1" | sed -E 's/[0-9a-f]{12,64}/ID/g; s/^[0-9]+ //'
}

# What RUNTIME left, and runc did not leave as often.
left() { # KIND RUNTIME
	if [ "$2" = runc ]; then
		added "$1" runc
		return
	fi
	added "$1" runc | sort >"$WORK/control"
	added "$1" "$2" | sort | comm -13 "$WORK/control" -
}

kinds=(processes mounts cgroups bpffs files "descriptors of dockerd" "descriptors of containerd")

nothing() { # RUNTIME
	local kind
	look "$WORK/$1.after"
	for kind in "${kinds[@]}"; do [ -z "$(left "$kind" "$1")" ] || return 1; done
}

load() { # RUNTIME
	local begun=$SECONDS end
	many "$1" 2
	sleep 1
	look "$WORK/$1.before"
	many "$1" "$number"
	tap $? "$1: $number containers came and went, $parallel at a time ($((SECONDS - begun)) s)" "$WORK/failures"
	end=$((SECONDS + seconds))
	sleep 2
	until nothing "$1"; do
		((SECONDS < end)) || break
		sleep 0.5
	done
}

if [ -n "$watched" ]; then
	thymus_instance || exit 2
	set -- --thymus-policy "$WORK/thymus.json"
fi
jq -n --arg path "$runtime" --arg parent "/$(basename "$WORK")" '{ runtimes: { thymus: { path: $path, runtimeArgs: $ARGS.positional } },
	"cgroup-parent": $parent }' --args -- "$@" >"$WORK/daemon.json"
"$here/../demo/rootfs.sh" "$WORK/rootfs" && docker_up "$runtime" && docker_image "$WORK/rootfs" || exit 2
load runc
load thymus
for kind in "${kinds[@]}"; do
	added "$kind" runc | sed 's/^/# runc leaves: /' | sort | uniq -c | head -n 5
	left "$kind" thymus >"$WORK/reason"
	[ ! -s "$WORK/reason" ]
	tap $? "no $kind are left behind" "$WORK/reason"
done
if [ -n "$watched" ]; then
	jq -r 'select(.type == "error") | .container[:12] + " " + .message' "$WORK/log/events.jsonl" 2>/dev/null >"$WORK/reason"
	[ ! -s "$WORK/reason" ]
	tap $? "thymus notes no error" "$WORK/reason"
	seen=$(ask profile ls --json | jq -r '.[].name' | while read -r name; do ask profile show "$name" --json; done | jq -s 'map(.contributors | length) | add')
	[ "$seen" -eq $((number + 2)) ]
	tap $? "each container was watched from its first call on ($seen of $((number + 2)))"
fi
echo "1..$count"
[ $failed -eq 0 ]
