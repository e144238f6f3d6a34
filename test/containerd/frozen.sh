#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# frozen.sh THYMUS - what containerd's commands do with a container that thymus froze: all rows of `frozen`.
#
# A container of ctr's and one of a pod are learned; those that follow deviate by running a program that was never learned.
# Prints TAP; exit status 1 if anything was not as said.
set -u

[ -n "${OWN_NET:-}" ] || exec unshare --net env OWN_NET=1 "$0" "$@"
runtime=$(realpath "${1:?usage: frozen.sh THYMUS}") || exit 2
# shellcheck source=test/containerd/instance.bash disable=SC1091
source "$(dirname "$0")/instance.bash"
# shellcheck source=test/frozen.bash disable=SC1091
source "$here/../frozen.bash"
export CONTAINERD_ADDRESS=$SOCKET CONTAINERD_NAMESPACE=$NS # for ctr
export HANDLER=thymus RUNTIME=$BINARY

# shellcheck disable=SC2016 # for the container
ALIKE='trap "exit 0" TERM; while :; do [ -e /go ] && /bin/other; /bin/sleep .1; done'
containers() { ask status --json | jq -e --arg id "$ID" ".containers[] | select(.id == \$id) | $1"; }
alike() { containers '.calls > 1000 and .programs >= 2'; } # it has done what it always does
is_frozen() { containers '.action == "freeze"' >/dev/null; }
nothing_watched() { ask status --json | jq -e '.containers | length == 0'; }

# ---- one of ctr's: kind ctr ----
ctr_begin() { run -d victim /bin/sh -c "$ALIKE" && ID=victim; }
ctr_told() { c task exec --exec-id go victim "$@"; }
ctr_remove() { remove victim; }
ctr_stopped() { task_is victim STOPPED; }
ctr_gone() { ! c task ls | grep -q '^victim '; }

# ---- one in a pod: kind pod ----
pod_begin() { pod shop-1 "$host_network" && container shop-1 victim . /bin/sh -c "$ALIKE" && ID=$(cat "$WORK/ids/victim"); }
pod_told() { sync victim "$@"; }
pod_remove() { end_pod shop-1; }
pod_stopped() { state_is victim EXITED; }
pod_gone() { ! on victim ContainerStatus; }
for name in ContainerStatus ContainerStats ExecSync UpdateContainerResources StopContainer RemoveContainer; do
	eval "$name() { on victim $name \"\$@\"; }"
done
for name in StopPodSandbox RemovePodSandbox; do eval "$name() { on_pod shop-1 $name; }"; done
Exec() { stream victim Exec "$1" ''; }

begin_one() { "${kind}_begin" && wait_for 60 containers .id; }
freeze() { "${kind}_told" /bin/sh -c ': >/go' && wait_for 60 is_frozen; }
freeze_anew() {
	"${kind}_remove"
	begin_one && freeze
}
ended() { wait_for 60 "${kind}_$1"; }

learn() {
	local again
	for again in 1 2; do
		begin_one >"$WORK/reason" 2>&1 && wait_for 60 alike && "${kind}_told" /bin/true >>"$WORK/reason" 2>&1
		tap $? "$kind: container $again to learn from does what it does" "$WORK/reason"
		"${kind}_remove" >/dev/null 2>&1
		wait_for 60 nothing_watched
	done
}

begin || exit 2
for kind in ctr pod; do learn; done
promote_all >"$WORK/reason" 2>&1
tap $? "what was learned is promoted" "$WORK/reason"
policy enforce
for kind in ctr pod; do
	freeze_anew >"$WORK/reason" 2>&1
	tap $? "$kind: a container is frozen" "$WORK/reason"
	[ "$(ask incident ls --json | jq --arg kind $kind '[.[] | select((.container | length == 64) == ($kind == "pod"))] | length')" = 1 ]
	tap $? "$kind: ... once, and nothing else"
	[ $kind = ctr ] && pattern='(^|[ (])ctr |task_pid' || pattern='^[A-Z]|cri_pid'
	rows "$here/frozen" "$pattern"
	"${kind}_remove" >/dev/null 2>&1
	wait_for 60 nothing_watched
	tap $? "$kind: in the end nothing is watched"
done
# shellcheck disable=SC2154 # tap.bash counts
{
	echo "1..$count"
	[ "$failed" -eq 0 ]
}
