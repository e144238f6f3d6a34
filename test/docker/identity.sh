#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# identity.sh THYMUS - whose profile does a container of Docker's get?  The same name and image have the same key in a
# second container, after the daemon was restarted, and under another daemon with another data root; another name, or a new
# image under the same name, have another.  Prints TAP; exit status 1 if anything was not as said.
set -u

here=$(cd "$(dirname "$0")" && pwd)
THYMUS=$(realpath "${1:?usage: identity.sh THYMUS}") || exit 2
WORK=$(mktemp -d /tmp/thymus-docker.XXXXXX) || exit 2
# shellcheck source=test/docker/lib.bash disable=SC1091
source "$here/lib.bash"
first=$WORK second=$WORK/second

on() { # FOLDER COMMAND...: with the daemon that lies there
	local WORK=$1 DOCKER_HOST=unix://$1/docker.sock
	shift
	export DOCKER_HOST
	"$@"
}

before_down() { on "$second" docker_down; }

begin() { # WORD...: a container; prints its ID
	docker run -d --runtime thymus --network none "$@" /bin/sleep 1000
}
key() { # ID
	status ".containers[] | select(.id == \"$1\") | [.scope, .name, .image, .profile] | join(\" \")"
}
key_of() { # FOLDER WORD...: of a container that comes and goes
	local id at=$1
	shift
	id=$(on "$at" begin "$@") || return 1
	key "$id"
	on "$at" docker rm -f "$id" >/dev/null
}

"$here/../demo/rootfs.sh" "$WORK/rootfs" || exit 2
thymus_instance || exit 2
docker_up "$THYMUS" --thymus-policy "$WORK/thymus.json" && docker_image "$WORK/rootfs" || exit 2
mkdir "$second"
on "$second" docker_up "$THYMUS" --thymus-policy "$WORK/thymus.json" && docker save "$IMAGE" | on "$second" docker load >/dev/null || exit 2

shop=$(key_of "$first" --name shop "$IMAGE")
[[ $shop = "default shop sha256-"* ]]
tap $? "a container with a name: $shop"
is "a second container of that name and image" "$shop" "$(key_of "$first" --name shop "$IMAGE")"
is_not "another name" "$shop" "$(key_of "$first" --name shop2 "$IMAGE")"
id=$(begin --name shop "$IMAGE")
docker_end
docker_begin || exit 2
is "the same container while the daemon was restarted" "$shop" "$(key "$id")"
docker restart -t 0 shop >/dev/null
is "... when it is restarted then" "$shop" "$(key "$id")"
docker rm -f shop >/dev/null
is "a new one after that" "$shop" "$(key_of "$first" --name shop "$IMAGE")"
is "under another daemon with another data root" "$shop" "$(key_of "$second" --name shop "$IMAGE")"
unnamed=$(key_of "$first" "$IMAGE")
[[ $unnamed = "default thymus-demo sha256-"* ]]
tap $? "a container that nobody named goes by its image: $unnamed"
is "another such" "$unnamed" "$(key_of "$first" "$IMAGE")"
labels=(--label com.docker.compose.project=site --label com.docker.compose.service=db)
compose=$(key_of "$first" --name site-db-1 "${labels[@]}" "$IMAGE")
is "of a service of compose, each replica" "$compose" "$(key_of "$first" --name site-db-2 "${labels[@]}" "$IMAGE")"
docker tag "$IMAGE" thymus-demo:old
docker create --name change "$IMAGE" >/dev/null && docker cp "$here/steps" change:/etc/release &&
	docker commit change "$IMAGE" >/dev/null && docker rm change >/dev/null
upgrade=$(key_of "$first" --name shop "$IMAGE")
is_not "a new image under that name" "$shop" "$upgrade"
[ "${upgrade% *}" != "$upgrade" ] && [ "$(cut -d' ' -f1,2 <<<"$upgrade")" = "$(cut -d' ' -f1,2 <<<"$shop")" ]
tap $? "... is the same workload's: $(cut -d' ' -f1,2 <<<"$upgrade")"
is "the old image still has its own" "$shop" "$(key_of "$first" --name shop thymus-demo:old)"
echo "1..$count"
[ $failed -eq 0 ]
