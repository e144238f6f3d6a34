#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# enforce.sh shim|hooks RUNTIME - learn a container under podman, enforce in its successors, attack them, and see what podman
# can do with them once they are frozen: the table frozen.tsv.
#
# shim: thymus is podman's runtime, in front of RUNTIME.  hooks: podman calls RUNTIME, and our hooks by oci-hooks(5).
# Prints TAP; exit status 1 if anything was not as said.  KEEP=1 says more; ROWS: a pattern of names.
set -u

here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 2 ] || { echo "usage: enforce.sh shim|hooks RUNTIME" >&2; exit 2; }
how=$1 plain=$(type -P "$2") || exit 2
WORK=$(mktemp -d /tmp/thymus-podman.XXXXXX) || exit 2
RUNTIME=$plain HOOKS=''
# shellcheck source=test/podman/lib.bash disable=SC1091
source "$here/lib.bash"
trap 'podman_down; rmdir "$WORK"' EXIT
trap 'exit 130' INT TERM

begin() { # NAME: the little server; its /tmp is a folder of ours
	rm -rf "$WORK/cmd.$1"
	mkdir -m 1777 "$WORK/cmd.$1"
	podman run -d --name "$1" --network none --health-cmd /bin/true --health-interval disable -v "$WORK/cmd.$1:/tmp" "$IMAGE" \
		>/dev/null && wait_for 20 proof "$1" alive
}

proof() { test -e "$WORK/cmd.$1/proof-$2"; }
say() { echo "$2" >"$WORK/cmd.$1/new" && mv "$WORK/cmd.$1/new" "$WORK/cmd.$1/command"; }
heard() { ! test -e "$WORK/cmd.$1/command"; }

attack() { rm -f "$WORK/cmd.$1/proof-ran" && say "$1" exec; } # what harmless does proves the same
succeeded() { proof "$1" ran; }

status() { ask status --json 2>/dev/null | jq -r "$1"; }
incident() { ask incident ls --json | jq -r '.[-1].id'; }
state() { podman inspect -f '{{.State.Status}}' web 2>/dev/null; }

frozen() { [ "$(status '[.containers[] | select(.action == "freeze")] | length')" = 1 ]; }
running() { [ "$(state)" = running ] && ! frozen; }
ended() { [ "$(state)" = exited ] && none_watched; }
gone() { ! podman container exists web && none_watched; }

freeze_anew() {
	frozen && [ "$(state)" = running ] && return 0
	! podman container exists web || podman rm -f -t 0 web
	wait_for 20 none_watched && begin web && attack web && wait_for 20 frozen
}

learn() {
	local i
	for i in 1 2; do
		begin web || return 1
		say web harmless
		wait_for 10 heard web
		sleep 1.5
		podman restart -t 0 web >/dev/null
		sleep 1
		podman rm -f -t 0 web >/dev/null
		wait_for 20 none_watched || return 1
	done
}

# oci-hooks(5): for every container, at each stage that we know.
write_hooks() {
	local hook stage
	hook=$(dirname "$THYMUS")/thymus-hook
	for stage in precreate createRuntime poststart poststop; do
		jq -n --arg hook "$hook" --arg stage $stage --arg policy "$WORK/thymus.json" '{ version: "1.0.0",
			hook: { path: $hook, args: ["thymus-hook", $stage, "--policy", $policy] },
			when: { always: true }, stages: [$stage] }' >"$WORK/hooks/60-thymus-$stage.json"
	done
}

rows=0
row() { # NAME STATUS WORDS CONDITION TEXT
	local rc reason=$WORK/reason
	case $1 in
	shim:*) [ "$how" = shim ] || return 0 ;;
	hooks:*) [ "$how" = hooks ] || return 0 ;;
	esac
	[[ $1 =~ ${ROWS:-} ]] || return 0
	if ! freeze_anew >"$reason" 2>&1; then
		tap 1 "$1: a container to be frozen" "$reason"
		return
	fi
	(eval "$5") </dev/null >"$reason" 2>&1
	rc=$?
	echo "status $rc, expected $2; $4 expected" >>"$reason"
	[[ $rc =~ ^($2)$ ]] && grep -qE -- "$3" "$reason" && wait_for 20 "$4"
	tap $? "frozen: $1 (status $rc; $4 afterwards)" "$reason"
	rows=$((rows + 1))
}

for i in podman conmon jq script; do
	command -v $i >/dev/null || { echo "enforce.sh: $i is missing" >&2; exit 2; }
done
export PLAIN=$plain
podman_up && podman_image && write_policy '.delegate = env.PLAIN | .allow_seconds = 2' || exit 2

begin web && attack web && wait_for 20 succeeded web
tap $? "without thymus the attack succeeds"
podman rm -f -t 0 web >/dev/null

if [ "$how" = shim ]; then
	write_thymus "$WORK/thymus" "$THYMUS" "$WORK/thymus.json"
	RUNTIME=$WORK/thymus
else
	write_hooks
	HOOKS=$WORK/hooks
fi
export PODMAN="command podman --root $WORK/root --runroot $WORK/runroot --tmpdir $WORK/tmp --runtime $RUNTIME ${HOOKS:+--hooks-dir $HOOKS}"
PODMAN=${PODMAN#command }
learn
tap $? "a container is learned, twice"
ask profile --force promote thymus-test >"$WORK/reason" 2>&1 || ask profile --force promote web >"$WORK/reason" 2>&1
tap $? "its profile is promoted" "$WORK/reason"
jq '.mode = "enforce"' "$WORK/thymus.json" >"$WORK/new" && chmod 600 "$WORK/new" && mv "$WORK/new" "$WORK/thymus.json"
begin web && sleep 1 && say web harmless && wait_for 10 heard web && sleep 1
tap $? "a successor starts"
[ "$(status '.containers[0].mode')" = enforce ] && [ "$(status '.stopped | length')" = 0 ]
tap $? "it is enforced, and calm"
attack web && wait_for 20 frozen
tap $? "attacked, it is frozen"
! succeeded web
tap $? "the attack has not succeeded"
while IFS=$'\t' read -r -a field; do
	[[ ${field[0]:-} = "" || ${field[0]} = \#* ]] || row "${field[@]}"
done < <(sed 's/\t\t/\t-\?\t/g' "$here/frozen.tsv")
[ $rows -gt 0 ]
tap $? "rows of the table were tried"
podman rm -f -t 0 web >/dev/null 2>&1
wait_for 20 none_watched
tap $? "in the end nothing is watched"
grep '"error"' "$WORK/log/events.jsonl" >"$WORK/reason" 2>/dev/null
[ ! -s "$WORK/reason" ]
tap $? "no error is recorded" "$WORK/reason"
[ -z "${KEEP:-}" ] || { ask incident show "$(incident)"; cat "$WORK/log/events.jsonl"; } | sed 's/^/# /'
echo "1..$count"
[ $failed -eq 0 ]
