#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# differential.sh THYMUS | --control RUNTIME - does containerd see a difference between runc and thymus?
#
# Every step of `steps` is made by `ctr` or by a client of the CRI, in a containerd of our own: under runc, and under thymus
# while it learns.  Output, exit status, cgroup files and process attributes must be equal but for what differs from one run
# to the next.  In the end nothing may be left.  --control: RUNTIME in thymus' place.  ONLY: steps whose lines match.
# Prints TAP; exit status 1 if anything differs.  KEEP: a folder for the outputs.
set -u

[ -n "${OWN_NET:-}" ] || exec unshare --net env OWN_NET=1 "$0" "$@"
here=$(cd "$(dirname "$0")" && pwd)
control=
[ "${1:-}" != --control ] || { control=1; shift; }
runtime=$(realpath "${1:?usage: differential.sh THYMUS | --control RUNTIME}") || exit 2
runc=$(command -v runc) || exit 2
for i in containerd ctr jq ip script protoc; do
	command -v $i >/dev/null || { echo "differential.sh: $i is missing" >&2; exit 2; }
done
WORK=$(mktemp -d /tmp/thymus-ctd.XXXXXX) || exit 2
# overlayfs does not lie on another one, which / is in many a test machine
mount -t tmpfs -o mode=755 thymus-test "$WORK" || exit 2
# shellcheck source=test/containerd/lib.bash disable=SC1091
source "$here/lib.bash"
# shellcheck source=test/containerd/verbs.bash disable=SC1091
source "$here/verbs.bash"

finish() {
	containerd_down
	if [ -n "${KEEP:-}" ]; then
		echo "# outputs are in $KEEP"
		rm -rf "$KEEP"
		mkdir -p "$KEEP"
		cp -a "$WORK"/out.* "$WORK"/*.log "$WORK/thymus" "$KEEP" 2>/dev/null
	fi
	umount -l "$WORK"
	rmdir "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM

# An engine can name a program, but no arguments.
policy() { # MODE
	jq -n --arg mode "$1" --arg w "$WORK/thymus" --arg runc "$runc" '{delegate: $runc, mode: $mode,
		folders: {profiles: ($w + "/profiles"), incidents: ($w + "/incidents"), run: ($w + "/run"),
			log: ($w + "/log"), bpf: ($w + "/bpf/thymus")},
		annotations: {mode: ["monitor"], profile: ["shop-*"]}}' >"$WORK/thymus/policy.new" &&
		chmod 600 "$WORK/thymus/policy.new" && mv "$WORK/thymus/policy.new" "$WORK/thymus/policy.json"
}

prepare() {
	mkdir -p "$WORK/thymus/bpf"
	mount -t bpf thymus-test "$WORK/thymus/bpf" || return 1
	policy learn
	BINARY=$WORK/runtime
	printf '#!/bin/sh\nexec %s --thymus-policy %s/thymus/policy.json "$@"\n' "$runtime" "$WORK" >"$BINARY"
	[ -z "$control" ] || printf '#!/bin/sh\nexec %s "$@"\n' "$runtime" >"$BINARY"
	chmod +x "$BINARY"
}

# Equal but for what changes from run to run.
normal() {
	sed -E -e 's/[0-9a-f]{64}/ID/g' -e 's/\b[0-9a-f]{12,13}\b/ID/g' -e "s,$WORK,WORK,g" \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)?/TIME/g' -e 's/[0-9]{10,19}/TIME/g' \
		-e 's/^(0::|[0-9]+:)/N:/' -e 's/\bcni-[0-9a-f-]{36}/CNI/g' -e 's/10\.245\.7\.[0-9]+/ADDRESS/g' \
		-e 's/snapshots\/[0-9]+/snapshots\/N/g' -e 's,[^ "]*/(runc|runtime) did not,RUNTIME did not,g' \
		-e 's/(process_linux|rootfs_linux|standard_init_linux)\.go:[0-9]+/LINE/'
}

steps() { grep -v -e '^#' -e '^$' "$here/steps" | grep -E "${ONLY:-.}"; }

leftovers() { # FILE: what containers made and is still there
	{
		awk -v work="$WORK/" 'index($5, work "state/") == 1 { print "mount", $5 }' /proc/self/mountinfo
		find /sys/fs/cgroup -type d -path "*$CGROUP/*" -printf 'cgroup %p\n' 2>/dev/null
		find "$WORK/rt" "$WORK"/state/io.containerd.runtime.v2.task -mindepth 2 -printf 'file %p\n' 2>/dev/null
		find "$WORK/thymus/run/containers" -name state.json -printf 'watched %p\n' 2>/dev/null
		grep -lsz -e "$WORK" /proc/[0-9]*/cmdline | while read -r file; do
			case $(cat "${file%cmdline}comm" 2>/dev/null) in
			containerd-shim* | runc* | crun* | thymus*) printf 'process '; tr '\0' ' ' <"$file"; echo ;;
			esac
		done
	} | sort >"$1"
}

nothing_left() { leftovers "$1"; [ ! -s "$1" ]; }

# All steps; outputs into $WORK/out.NAME/STEP.{stdout,stderr,status,ms}.
run_steps() { # NAME HANDLER
	local name text out=$WORK/out.$1 to begun i
	HANDLER=$2 RUN=$1
	[ "$HANDLER" = runc ] && RUNTIME=$runc || RUNTIME=$BINARY
	export HANDLER RUN RUNTIME
	mkdir -p "$out"
	rm -rf "$WORK/ids" "$WORK/logs"
	mkdir -p "$WORK/ids" "$WORK/logs"
	while IFS=$'\t' read -r name text; do
		to=$out/$name
		begun=$(date +%s%3N)
		(eval "$text") </dev/null >"$to.raw" 2>"$to.raw2"
		echo $? >"$to.status"
		echo $(($(date +%s%3N) - begun)) >"$to.ms"
		normal <"$to.raw" >"$to.stdout"
		normal <"$to.raw2" >"$to.stderr"
	done < <(steps)
	for ((i = 0; i < 20; i++)); do
		nothing_left "$out.left" && break
		sleep 0.5
	done
}

compare() { # NAME: with runc's
	local name text part rc reason=$WORK/reason took
	while IFS=$'\t' read -r name text; do
		rc=0
		: >"$reason"
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

ip link set lo up
prepare && containerd_up "$runc" "$BINARY" && rootfs && cri_up || exit 2
run_steps runc runc
run_steps learn thymus
compare learn
# shellcheck disable=SC2154 # tap.bash counts
{
	echo "1..$count"
	[ "$failed" -eq 0 ]
}
