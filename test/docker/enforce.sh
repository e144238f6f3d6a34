#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# enforce.sh THYMUS - learn a container under Docker, enforce in its successor, attack it, and see
# that Docker can still end what is frozen.
#
# The second container has the first one's name and image, so that it is the same workload.
# Prints TAP; exit status 1 if anything was not as said.  SECONDS_TO_LEARN: 30.
set -u

here=$(cd "$(dirname "$0")" && pwd)
demo=$here/../demo
THYMUS=$(realpath "${1:?usage: enforce.sh THYMUS}") || exit 2
seconds=${SECONDS_TO_LEARN:-30}
WORK=$(mktemp -d /tmp/thymus-docker.XXXXXX) || exit 2
# shellcheck source=test/docker/lib.bash disable=SC1091
source "$here/lib.bash"

# The client shares the container's network namespace: there is no bridge.
client() { # NAME
	local pid
	pid=$(docker inspect -f '{{.State.Pid}}' "$1") || return 1
	export CLIENT="nsenter --net=/proc/$pid/ns/net" HOST=127.0.0.1 LISTEN=127.0.0.1
	export SIGNAL="docker kill $1 -s" KEY_FILE=$WORK/key
}

ready() {
	local i
	for ((i = 0; i < 100; i++)); do
		$CLIENT curl -s -o /dev/null -m 1 "http://$HOST/app/" && return 0
		sleep 0.1
	done
	return 1
}

begin() { docker run -d --name web --runtime thymus --network none "$IMAGE" >/dev/null && client web && ready; }
load() { QUICK=1 "$demo/load.sh" "$1" "$2" | jq .failed; }

wait_frozen() { # at most five seconds
	local i
	for ((i = 0; i < 25; i++)); do
		[ "$(status '[.containers[] | select(.action == "freeze")] | length')" = 1 ] && return 0
		sleep 0.2
	done
	return 1
}

attack_and_freeze() { # TITLE
	local result
	result=$("$demo/attack-shell.sh")
	[ "$(jq .effect <<<"$result")" = false ]
	tap $? "$1: the shell runs nothing ($result)"
	wait_frozen
	tap $? "$1: the container is frozen"
}

ends_in_time() { # TITLE COMMAND...
	local title=$1 begun=$SECONDS
	shift
	timeout 40 "$@" >/dev/null
	tap $? "$title ends"
	[ $((SECONDS - begun)) -le 15 ]
	tap $? "$title of a frozen container ends within 15 s ($((SECONDS - begun)) s)"
}

learn() {
	begin
	tap $? "the first container starts"
	tap "$(load 1 "$seconds")" "it serves while it is learned"
	docker stop -t 8 web >/dev/null && docker start web >/dev/null && client web && ready
	tap $? "it starts a second time"
	tap "$(load 2 "$seconds")" "it serves again"
	docker stop -t 8 web >/dev/null && docker rm web >/dev/null
	tap $? "it ends, and goes"
	ask profile --force promote web >/dev/null
	tap $? "its profile is promoted"
	ask mode enforce web >/dev/null
	tap $? "enforce is the mode of what bears this name"
}

mkdir -p "$WORK"
"$demo/rootfs.sh" "$WORK/rootfs" || exit 2
od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$WORK/key"
cp "$WORK/key" "$WORK/rootfs/etc/guestbook.key"
thymus_instance || exit 2
ask setup docker --file "$WORK/daemon.json"
tap $? "thymus setup writes the daemon's file"
docker_up "$THYMUS" || exit 2
docker_image "$WORK/rootfs" || exit 2

learn
begin
tap $? "a second container of the image starts"
[ "$(status '.containers[0].mode')" = enforce ]
tap $? "it is enforced"
tap "$(load 3 10)" "it serves other load"
[ "$(status '.stopped | length')" = 0 ]
tap $? "nothing was acted on"

attack_and_freeze "attack"
id=$(status '.stopped[0].incident')
ask incident show "$id" | sed 's/^/# /'
docker exec web /bin/true >"$WORK/words" 2>&1 && rc=1 || rc=0
tap "$rc" "exec into the frozen container is refused: $(head -c 200 "$WORK/words" | tr '\n' ' ')"
docker unpause web >/dev/null 2>&1
wait_frozen
tap $? "unpause does not thaw it"
cid=$(docker inspect -f '{{.Id}}' web)
ask incident allow "$id" >/dev/null && ask release "$cid" >/dev/null && ready
tap $? "allowed and released, it answers again"
docker rm -f web >/dev/null

# The allowed shell is in the profile now: for the rest, forget it.
ask mode default web >/dev/null
ask profile --force rm web >/dev/null
learn
for how in "stop -t 5" "rm -f"; do
	begin
	tap $? "a container to be frozen starts"
	attack_and_freeze "before docker $how"
	# shellcheck disable=SC2086 # words on purpose
	ends_in_time "docker $how" docker $how web
	docker rm -f web >/dev/null 2>&1
	[ "$(status '.containers | length')" = 0 ]
	tap $? "after docker $how nothing is watched"
done
echo "1..$count"
[ $failed -eq 0 ]
