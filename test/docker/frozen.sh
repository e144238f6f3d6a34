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
# shellcheck source=test/frozen.bash disable=SC1091
source "$here/../frozen.bash"

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

before_row() { rm -f "$WORK/bound/go"; } # who starts anew does what was learned
freeze_anew() { docker rm -f victim; begin && freeze; }

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
rows "$here/frozen"
docker rm -f victim >/dev/null 2>&1
nothing_watched() { [ "$(status '.containers | length')" = 0 ]; }
until_so nothing_watched
tap $? "in the end nothing is watched"
echo "1..$count"
[ $failed -eq 0 ]
