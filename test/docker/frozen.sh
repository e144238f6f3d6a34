#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# frozen.sh THYMUS - what Docker's commands do with a container that thymus froze: all rows of `frozen`.
#
# A container is learned; each one that follows deviates by running a program that was never learned.  Its healthcheck
# must fail, and a restart policy must not end the freeze.  Prints TAP; exit status 1 if anything was not as said.
set -u

here=$(cd "$(dirname "$0")" && pwd)
THYMUS=$(realpath "${1:?usage: frozen.sh THYMUS}") || exit 2
WORK=$(mktemp -d /tmp/thymus-docker.XXXXXX) || exit 2
# shellcheck source=test/docker/lib.bash disable=SC1091
source "$here/lib.bash"

# What it does is the same for ever; then it is told, through its bind mount, to do something else.
begin() {
	rm -f "$WORK/bound/go"
	docker run -d --name victim --runtime thymus --network none --restart always -v "$WORK/bound:/bound" \
		--health-cmd '[ -e /bound ]' --health-interval 300ms --health-retries 1 "$IMAGE" \
		/bin/sh -c 'trap "exit 0" TERM; echo begun; while :; do [ -e /bound/go ] && /bin/id; /bin/sleep .1; done' >/dev/null &&
		until_so healthy
}
health_is() { [ "$(docker inspect -f '{{.State.Health.Status}}' victim)" = "$1" ]; }
healthy() { health_is healthy; }
runs() { [ "$(docker inspect -f '{{.State.Running}} {{.State.Paused}}' victim)" = "true false" ]; }
is_frozen() { [ "$(status '[.containers[] | select(.action == "freeze")] | length')" = 1 ]; }
freeze() { touch "$WORK/bound/go" && until_so is_frozen; }

ended() { # gone | stopped | runs
	case $1 in
	gone) ! docker inspect victim >/dev/null 2>&1 ;;
	stopped) [ "$(docker inspect -f '{{.State.Running}}' victim)" = false ] ;;
	runs) until_so calmly ;;
	esac
}
calmly() { runs && healthy && ! is_frozen; }

row() { # COMMAND STATUS WORDS END
	local said rc begun=$SECONDS
	rm -f "$WORK/bound/go" # who starts anew does what was learned
	said=$(eval "timeout -s KILL 60 $1" 2>&1 </dev/null | tr -d '\0'; exit "${PIPESTATUS[0]}")
	rc=$?
	[[ $rc =~ ^($2)$ ]] && grep -qE -- "$3" <<<"$said"
	tap $? "$1: status $rc, $(tr '\n\t' '  ' <<<"${said:0:160}")"
	[ $((SECONDS - begun)) -le 20 ]
	tap $? "$1: it takes no longer than that ($((SECONDS - begun)) s)"
	if [ "$4" = - ]; then
		is_frozen
		tap $? "$1: the container is frozen still"
	else
		ended "$4"
		tap $? "$1: then it is $4"
	fi
}

learn() {
	local again
	for again in 1 2; do
		begin
		tap $? "container $again to learn from starts"
		docker exec victim /bin/true
		docker kill -s USR1 victim >/dev/null 2>&1
		docker restart -t 5 victim >/dev/null && until_so healthy
		tap $? "it starts once more"
		docker stop -t 5 victim >/dev/null
		docker rm victim >/dev/null
	done
	ask profile --force promote victim >/dev/null && ask mode enforce victim >/dev/null
	tap $? "it is enforced from now on"
}

"$here/../demo/rootfs.sh" "$WORK/rootfs" || exit 2
mkdir "$WORK/bound"
thymus_instance || exit 2
docker_up "$THYMUS" --thymus-policy "$WORK/thymus.json" && docker_image "$WORK/rootfs" || exit 2
learn
begin && freeze
tap $? "a container is frozen"
until_so health_is unhealthy
tap $? "its healthcheck fails"
while IFS=$'\t' read -r command rc words _ end; do
	[[ -z $command || $command = \#* ]] && continue
	if [ "$end" != - ] && ! is_frozen; then
		docker rm -f victim >/dev/null 2>&1
		begin && freeze
		tap $? "$command: a container is frozen"
	fi
	row "$command" "$rc" "$words" "$end"
done <"$here/frozen"
docker rm -f victim >/dev/null 2>&1
nothing_watched() { [ "$(status '.containers | length')" = 0 ]; }
until_so nothing_watched
tap $? "in the end nothing is watched"
echo "1..$count"
[ $failed -eq 0 ]
