#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contract.sh shim|hooks RUNTIME - what CRI-O does with a runtime, without CRI-O: Debian 12 has no package of it.
#
# Containers are made as CRI-O makes them: a bundle in containers-storage with CRI-O's annotations, conmon(8) with CRI-O's
# arguments, exit files, the attach socket, exec by conmon, start and kill by the runtime itself.  shim: thymus in front of
# RUNTIME; hooks: RUNTIME itself, with our hooks in config.json as CRI-O's hooks directory puts them there.
# Prints TAP; exit status 1 if anything was not as said.  LIFE_ONLY=1 ends after the first comparison.
set -u

here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 2 ] || { echo "usage: contract.sh shim|hooks RUNTIME" >&2; exit 2; }
how=$1 plain=$(type -P "$2") || exit 2
WORK=$(mktemp -d /tmp/thymus-crio.XXXXXX) || exit 2
RUNTIME=$plain HOOKS=''
# shellcheck source=test/podman/lib.bash disable=SC1091
source "$here/../podman/lib.bash"

finish() {
	local id
	for id in $("$plain" --root "$WORK/rt" list -q 2>/dev/null); do
		timeout 20 "$plain" --root "$WORK/rt" delete -f "$id"
	done >/dev/null 2>&1
	wait_for 10 none_watched
	awk -v work="$WORK/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r -n1 umount -l
	umount -l "$WORK"
	rmdir "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM

id_of() { sha256sum <<<"$1" | cut -c1-64; }
rt() { timeout 30 "$RUNTIME" --root="$WORK/rt" "$@"; }
state() { "$plain" --root "$WORK/rt" state "$(id_of "$1")" 2>/dev/null | jq -r .status; }
bundle_of() { echo "$WORK/storage/overlay-containers/$(id_of "$1")/userdata"; }

# A row of containers-storage, as CRI-O names its containers.
store() { # NAME SERVICE NAMESPACE
	local file=$WORK/storage/overlay-containers/containers.json
	[ -e "$file" ] || echo '[]' >"$file"
	jq --arg id "$(id_of "$1")" --arg name "k8s_$2_pod-1_$3_$(cat /proc/sys/kernel/random/uuid)_0" \
		'map(select(.id != $id)) + [{ id: $id, names: [$name], image: ("ab" * 32), layer: "top", metadata: "{}" }]' \
		"$file" >"$file.new" && mv "$file.new" "$file"
	chmod 600 "$file"
}

# As CRI-O's hooks directory: `always` hooks become those of config.json, with the stage's name.
hooks_json() {
	jq -n --arg hook "$(dirname "$THYMUS")/thymus-hook" --arg policy "$WORK/thymus.json" --arg root "$WORK/rt" '
		[ "createRuntime", "poststop" ] | map({ key: ., value: [{ path: $hook,
		args: ["thymus-hook", ., "--policy", $policy, "--root", $root] }] }) | from_entries'
}

bundle() { # NAME SERVICE NAMESPACE ANNOTATIONS COMMAND...
	local at annotations=$4 name=$1 service=$2 space=$3
	at=$(bundle_of "$name")
	shift 4
	mkdir -p "$at" "$WORK/cmd.$name" "$WORK/storage/overlay/$name/"{merged,upper,work}
	rm -f "$WORK/cmd.$name"/*
	mountpoint -q "$WORK/storage/overlay/$name/merged" || mount -t overlay thymus-test \
		-o "lowerdir=$WORK/tree,upperdir=$WORK/storage/overlay/$name/upper,workdir=$WORK/storage/overlay/$name/work" \
		"$WORK/storage/overlay/$name/merged"
	store "$name" "$service" "$space"
	(cd "$at" && rm -f config.json && runc spec)
	jq --arg root "$WORK/storage/overlay/$name/merged" --arg id "$(id_of "$name")" --arg service "$service" --arg space "$space" \
		--arg cmd "$WORK/cmd.$name" --argjson more "$annotations" --argjson hooks "${HOOKS:-null}" '
		.root = { path: $root, readonly: false } | .process.terminal = false | .process.args = $ARGS.positional |
		.linux.cgroupsPath = ("/crio-" + $id) | (if $hooks then .hooks = $hooks else . end) |
		.mounts += [{ destination: "/tmp", type: "bind", source: $cmd, options: ["rbind", "rw"] }] |
		.annotations = ({ "io.container.manager": "cri-o", "io.kubernetes.cri-o.ContainerType": "container",
			"io.kubernetes.cri-o.ContainerID": $id, "io.kubernetes.cri-o.ContainerName": $service,
			"io.kubernetes.cri-o.ImageName": "registry.test/shop/web:1", "io.kubernetes.container.name": $service,
			"io.kubernetes.pod.namespace": $space, "io.kubernetes.pod.name": "pod-1" } + $more)' \
		"$at/config.json" --args -- "$@" >"$at/new" && mv "$at/new" "$at/config.json"
}

create() { # NAME FLAGS...
	local name=$1 at
	at=$(bundle_of "$name")
	shift
	mkdir -p "$WORK"/{exits,socket,persist}
	rm -f "$WORK/exits/$(id_of "$name")" "$WORK/$name.log"
	_OCI_SYNCPIPE=3 timeout 60 conmon -b "$at" -c "$(id_of "$name")" --exit-dir "$WORK/exits" -l "$WORK/$name.log" \
		--log-level error -n "k8s_$name" -P "$at/conmon-pidfile" -p "$at/pidfile" --persist-dir "$WORK/persist" -r "$RUNTIME" \
		--runtime-arg "--root=$WORK/rt" --socket-dir-path "$WORK/socket" -u "$(id_of "$name")" "$@" \
		3>"$WORK/$name.sync" </dev/null >/dev/null 2>&1
	wait_for 30 test -s "$WORK/$name.sync" && jq -e '.data // .pid | . > 0' "$WORK/$name.sync" >/dev/null
}

# conmon's exec-sync: the output is in a log, the status in the sync pipe's last line.
exec_sync() { # NAME COMMAND...
	local name=$1 log=$WORK/$1.exec
	shift
	rm -f "$log" "$log.sync"
	mkdir -p "$WORK/exec.$name" # the attach socket of an exec lies in its bundle
	jq '.process | .args = $ARGS.positional' "$(bundle_of "$name")/config.json" --args -- "$@" >"$WORK/$name.process"
	_OCI_SYNCPIPE=3 timeout 60 conmon -c "$(id_of "$name")" -u "$(id_of "$name-exec")" -n "k8s_$name" -r "$RUNTIME" --runtime-arg "--root=$WORK/rt" \
		-p "$WORK/$name.exec.pid" -l "$log" -b "$WORK/exec.$name" --socket-dir-path "$WORK/socket" -e \
		--exec-process-spec "$WORK/$name.process" --sync 3>"$log.sync" </dev/null >/dev/null 2>&1
	cut -d' ' -f2- "$log" 2>/dev/null
	tail -n 1 "$log.sync" 2>/dev/null | jq -rc '"status \(.exit_code // .data) \(.message // "")"'
}

# Through conmon's socket: one packet in; packets out begin with the number of their stream.
attach() { # NAME WORD
	timeout 30 python3 - "$WORK/socket/$(id_of "$1")/attach" "$2" <<-'END'
	import os, socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
	folder = os.open(os.path.dirname(sys.argv[1]), os.O_PATH) # the path may be too long for sun_path
	s.connect("/proc/self/fd/%d/attach" % folder)
	s.settimeout(20)
	s.send((sys.argv[2] + "\n").encode())
	while True:
	    packet = s.recv(8192)
	    if not packet:
	        break
	    sys.stdout.write("%d: %s" % (packet[0], packet[1:].decode()))
	    if b"got" in packet:
	        break
	END
}

proof() { test -e "$WORK/cmd.$1/proof-$2"; }
say() { echo "$2" >"$WORK/cmd.$1/new" && mv "$WORK/cmd.$1/new" "$WORK/cmd.$1/command"; }
heard() { ! test -e "$WORK/cmd.$1/command"; }
ended() { test -s "$WORK/exits/$(id_of "$1")"; }
status() { ask status --json 2>/dev/null | jq -r --arg id "$(id_of "$1")" ".containers[] | select(.id == \$id) | $2"; }
frozen() { [ "$(status "$1" .action)" = freeze ]; }

server() { # NAME [ANNOTATIONS]
	local none='{}'
	bundle "$1" web shop "${2:-$none}" /bin/server && create "$1" && rt start "$(id_of "$1")" && wait_for 20 proof "$1" alive
}

finish_one() { # NAME: as StopContainer and RemoveContainer
	rt kill "$(id_of "$1")" 9
	wait_for 20 ended "$1" || return 1
	rt delete "$(id_of "$1")" || rt delete --force "$(id_of "$1")"
	[ "$(state "$1")" = "" ]
}

# All that CRI-O would see of one container's life.
life() {
	# shellcheck disable=SC2016 # for the container
	bundle echo echo shop '{}' /bin/sh -c 'echo begun; read -r x; echo got $x; echo err >&2; read -r x; exit 5'
	create echo -i --leave-stdin-open
	echo "created $? $(state echo)"
	rt start "$(id_of echo)"
	echo "started $? $(state echo)"
	exec_sync echo /bin/sh -c 'echo out; exit 3'
	exec_sync echo /bin/nothing 2>&1 | sed -E 's/time="[^"]*" //'
	attach echo word
	rt pause "$(id_of echo)"
	echo "paused $? $(state echo)"
	rt resume "$(id_of echo)"
	echo "resumed $? $(state echo)"
	rt state "$(id_of echo)" | jq -Sc '.annotations'
	attach echo end >/dev/null 2>&1 &
	wait_for 20 ended echo
	echo "ended $? with $(cat "$WORK/exits/$(id_of echo)")"
	wait
	rt delete "$(id_of echo)"
	echo "deleted $?"
	cut -d' ' -f2- "$WORK/echo.log"
}

policy() { jq "$1" "$WORK/thymus.json" >"$WORK/new" && chmod 600 "$WORK/new" && mv "$WORK/new" "$WORK/thymus.json"; }

annotations() {
	server quiet '{"io.thymus.mode": "off"}'
	[ "$(status quiet .mode)" = learn ] && grep -q 'io.thymus.mode=off is not admitted' "$WORK/log/events.jsonl"
	tap $? "an annotation that policy does not admit is ignored, and recorded"
	finish_one quiet >/dev/null 2>&1
	policy '.annotations = { mode: ["off"], profile: ["shop-*"] }'
	server quiet '{"io.thymus.mode": "off"}'
	[ "$(status quiet .mode)" = "" ]
	tap $? "one that it admits is obeyed"
	finish_one quiet >/dev/null 2>&1
	server named '{"io.thymus.profile": "shop-front", "io.kubernetes.cri-o.ContainerName": "other", "io.kubernetes.pod.namespace": "bank"}'
	[ "$(status named '"\(.scope)/\(.name)"')" = shop/shop-front ]
	tap $? "a profile's name that it admits counts, and a forged namespace does not ($(status named '"\(.scope)/\(.name)"'))"
	finish_one named >/dev/null 2>&1
}

learn() {
	local i
	for i in 1 2; do
		server "one$i" || return 1
		say "one$i" harmless
		wait_for 10 heard "one$i"
		sleep 1
		finish_one "one$i" >/dev/null 2>&1
		wait_for 20 none_watched || return 1
	done
}

for i in conmon jq python3 runc; do
	command -v $i >/dev/null || { echo "contract.sh: $i is missing" >&2; exit 2; }
done
export PLAIN=$plain
mount -t tmpfs -o mode=755 thymus-test "$WORK" && mkdir -p "$WORK/storage/overlay-containers" && tree "$WORK/tree" &&
	write_policy '.delegate = env.PLAIN' || exit 2

life >"$WORK/life.plain" 2>&1
if [ "$how" = shim ]; then
	write_thymus "$WORK/thymus" "$THYMUS" "$WORK/thymus.json"
	RUNTIME=$WORK/thymus
else
	HOOKS=$(hooks_json)
fi
life >"$WORK/life.learn" 2>&1
diff "$WORK/life.plain" "$WORK/life.learn" >"$WORK/reason"
tap $? "CRI-O sees no difference while a container is learned" "$WORK/reason"
grep -q '^status 3' "$WORK/life.plain" && grep -q '^[0-9]: got word' "$WORK/life.plain" && grep -q 'with 5' "$WORK/life.plain"
tap $? "and what it sees is a life: an exec, an attach, an exit status" "$WORK/life.plain"
[ -z "${LIFE_ONLY:-}" ] || { echo "1..$count"; exit $((failed > 0)); }
annotations

learn
tap $? "a container is learned, twice"
[ -e "$WORK/profiles/shop" ] && [ "$(ask profile ls --json | jq -r '.[] | select(.name == "web") | "\(.scope) \(.image)"')" = \
	"shop sha256-$(printf 'ab%.0s' {1..32})" ]
tap $? "its profile bears namespace, name and image as CRI-O stored them"
for i in web echo; do
	ask profile --force promote $i >"$WORK/reason" 2>&1
	tap $? "the profile of $i is promoted" "$WORK/reason"
done
policy '.mode = "enforce"'
life >"$WORK/life.enforce" 2>&1
diff "$WORK/life.plain" "$WORK/life.enforce" >"$WORK/reason" && [ "$(ask incident ls --json | jq length)" = 0 ]
tap $? "CRI-O sees no difference while it is enforced, and calm" "$WORK/reason"

server victim && say victim harmless && wait_for 10 heard victim && sleep 1 && ! frozen victim
tap $? "a successor is enforced, and calm"
rm -f "$WORK/cmd.victim/proof-ran"
say victim exec
wait_for 20 frozen victim
tap $? "attacked, it is frozen"
! proof victim ran
tap $? "the attack has not succeeded"
if [ "$how" = shim ]; then
	exec_sync victim /bin/true >"$WORK/reason"
	grep -q 'frozen by incident' "$WORK/reason"
	tap $? "exec into it is refused, and says why" "$WORK/reason"
	! rt resume "$(id_of victim)" >"$WORK/reason" 2>&1 && frozen victim
	tap $? "resume does not thaw it"
fi
finish_one victim >"$WORK/reason" 2>&1
tap $? "it is killed, its exit file is there, and it is deleted" "$WORK/reason"
wait_for 20 none_watched
tap $? "in the end nothing is watched"
echo "1..$count"
[ $failed -eq 0 ]
