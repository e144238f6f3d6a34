# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.bash - a dockerd of our own, beside whatever the host runs.  To be sourced.
#
#	WORK   folder (absolute, made by the caller): data root, exec root, socket and log lie in it
#
# No bridge and no firewall rules: containers get --network none, or the host keeps its own.

export DOCKER_HOST=unix://$WORK/docker.sock
IMAGE=thymus-demo:1

docker_up() { # RUNTIME_PATH ARGS...: dockerd knows that runtime as "thymus", or what daemon.json says already
	local path=$1 i
	shift
	mkdir -p "$WORK"/{data,exec}
	[ -e "$WORK/daemon.json" ] || jq -n --arg path "$path" '{runtimes: {thymus: {path: $path, runtimeArgs: $ARGS.positional}}}' \
		--args -- "$@" >"$WORK/daemon.json"
	THYMUS_DOCKER_TEST=$WORK setsid dockerd --config-file "$WORK/daemon.json" --data-root "$WORK/data" \
		--exec-root "$WORK/exec" -H "$DOCKER_HOST" --pidfile "$WORK/dockerd.pid" \
		--bridge=none --iptables=false --ip6tables=false --ip-masq=false \
		>"$WORK/dockerd.log" 2>&1 </dev/null 3>&- &
	for ((i = 0; i < 150; i++)); do
		docker version >/dev/null 2>&1 && return 0
		sleep 0.2
	done
	tail -n 20 "$WORK/dockerd.log" >&2
	echo "docker: dockerd does not answer" >&2
	return 1
}

# Ends exactly what docker_up() started.  A frozen container would keep dockerd waiting: first
# the containers, then the daemon.
docker_down() {
	local pid i
	if docker version >/dev/null 2>&1; then
		docker ps -aq | xargs -r timeout 60 docker rm -f >/dev/null 2>&1
	fi
	pid=$(cat "$WORK/dockerd.pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null
	for ((i = 0; i < 100; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	if kill -0 "$pid" 2>/dev/null; then
		kill -KILL "$pid"
		echo "docker: dockerd had to be killed" >&2
	fi
	# Deepest first; lazily, since a network namespace may still be pinned.
	awk -v work="$WORK/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		xargs -r -n1 umount -l
}

# The demo's tree as an image, without a registry.
docker_image() { # ROOTFS
	tar --sort=name --numeric-owner -C "$1" -cf - . |
		docker import -c 'CMD ["/usr/sbin/guestbook"]' - "$IMAGE" >/dev/null
}
