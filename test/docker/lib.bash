# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.bash - a dockerd of our own, beside whatever the host runs.  To be sourced.
#
#	WORK   folder (absolute, made by the caller): data root, exec root, socket and log lie in it
#
# No bridge and no firewall rules: containers get --network none, or the host keeps its own.

# shellcheck source=test/tap.bash disable=SC1091
source "${BASH_SOURCE%/*}/../tap.bash"

export DOCKER_HOST=unix://$WORK/docker.sock
IMAGE=thymus-demo:1
ENTRY=thymus-entry:1
DOCKERD_FLAGS=()
DOCKERD_IN=(env) # the command that becomes dockerd

docker_up() { # RUNTIME_PATH ARGS...: dockerd knows that runtime as "thymus", or what daemon.json says already
	local path=$1
	shift
	mkdir -p "$WORK"/{data,exec}
	[ -e "$WORK/daemon.json" ] || jq -n --arg path "$path" '{runtimes: {thymus: {path: $path, runtimeArgs: $ARGS.positional}},
		"live-restore": true}' --args -- "$@" >"$WORK/daemon.json"
	docker_begin
}

# To be called before docker_up: users are remapped, by an /etc/subuid that only that dockerd sees.
docker_remap() {
	printf '%s:100000:65536\n' nobody nogroup >"$WORK/subids"
	chmod 711 "$WORK"
	# shellcheck disable=SC2016 # for that shell
	DOCKERD_IN=(unshare --mount --propagation slave env SUBIDS="$WORK/subids" sh -ec 'for i in subuid subgid; do
		mount --bind "$SUBIDS" "/etc/$i"; done; exec "$@"' sh)
	DOCKERD_FLAGS=(--userns-remap nobody:nogroup)
}

docker_begin() {
	local i
	THYMUS_DOCKER_TEST=$WORK setsid "${DOCKERD_IN[@]}" dockerd --config-file "$WORK/daemon.json" --data-root "$WORK/data" \
		--exec-root "$WORK/exec" -H "$DOCKER_HOST" --pidfile "$WORK/dockerd.pid" \
		"${DOCKERD_FLAGS[@]}" --bridge=none --iptables=false --ip6tables=false --ip-masq=false \
		>>"$WORK/dockerd.log" 2>&1 </dev/null 3>&- &
	for ((i = 0; i < 300; i++)); do
		docker version >/dev/null 2>&1 && return 0
		sleep 0.2
	done
	tail -n 20 "$WORK/dockerd.log" >&2
	echo "docker: dockerd does not answer" >&2
	return 1
}

docker_end() { # the daemon alone: its containers go on where live-restore is set
	local pid i
	pid=$(cat "$WORK/dockerd.pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null
	for ((i = 0; i < 300; i++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$pid"
	echo "docker: dockerd had to be killed" >&2
}

# Ends exactly what docker_up() started.  A frozen container would keep dockerd waiting: first
# the containers, then the daemon.
docker_down() {
	if docker version >/dev/null 2>&1; then
		docker ps -aq | xargs -r timeout 60 docker rm -f >/dev/null 2>&1
	fi
	docker_end
	# Deepest first; lazily, since a network namespace may still be pinned.
	awk -v work="$WORK/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		xargs -r -n1 umount -l
}

# Whoever sources this ends so; what it started beside goes first.
before_down() { :; }
finish() {
	before_down
	docker_down
	umount -l "$WORK/bpf" 2>/dev/null
	find /sys/fs/cgroup -depth -type d -path "*/$(basename "$WORK")*" -exec rmdir {} + 2>/dev/null
	if [ -n "${KEEP:-}" ]; then echo "# the folder is $WORK"; else rm -rf "$WORK"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# The demo's tree as an image, without a registry.
docker_image() { # ROOTFS
	tar --sort=name --numeric-owner -C "$1" -cf - . |
		docker import -c 'CMD ["/usr/sbin/guestbook"]' - "$IMAGE" >/dev/null
}

docker_script() { # FILE: the same image with this script as its entry point
	docker create --name script "$IMAGE" >/dev/null && docker cp "$1" script:/entry.sh &&
		docker commit -c 'ENTRYPOINT ["/entry.sh"]' -c 'CMD ["/bin/true"]' script "$ENTRY" >/dev/null &&
		docker rm script >/dev/null
}

# A private instance of thymus: $WORK/thymus.json, and all that it names in $WORK.
thymus_instance() {
	mkdir -p "$WORK"/{bpf,log,profiles,incidents,run}
	mount -t bpf thymus-test "$WORK/bpf" || return 1
	jq -n --arg w "$WORK" --arg runc "$(command -v runc)" '{
		delegate: $runc, mode: "learn", allow_seconds: 5, attach_timeout: 60,
		folders: { profiles: ($w + "/profiles"), incidents: ($w + "/incidents"), run: ($w + "/run"),
			log: ($w + "/log"), bpf: ($w + "/bpf/thymus") } }' >"$WORK/thymus.json"
	chmod 600 "$WORK/thymus.json"
}

ask() { timeout 60 "$THYMUS" --thymus-policy "$WORK/thymus.json" "$@"; }
status() { ask status --json 2>/dev/null | jq -r "$1"; }

until_so() { # COMMAND...: at most 60 seconds
	local end=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || { echo "never so: $*" >&2; return 1; }
		sleep 0.1
	done
}

init_pid() { docker inspect -f '{{.State.Pid}}' "$1"; }

# Until a container's entry has done what it does at its start: it waits in the same call as a moment ago.
calm() { # NAME
	local pid was="" now i
	pid=$(init_pid "$1")
	for ((i = 0; i < 300; i++)); do
		now=$(cat "/proc/$pid/syscall" 2>/dev/null)
		[[ $now != running && -n $now && $now = "$was" ]] && return 0
		was=$now
		sleep 0.1
	done
	return 1
}

# Whatever dockerd's children left running: they carry our mark in their environment, or work in
# our folder.  The daemon and its containerd are not meant, nor are we.
processes() {
	local pid
	for pid in /proc/[0-9]*; do
		case $(cat "$pid/comm" 2>/dev/null) in dockerd | containerd | "") continue ;; esac
		if grep -qsz "^THYMUS_DOCKER_TEST=$WORK\$" "$pid/environ" ||
			[[ $(readlink "$pid/cwd") = "$WORK"/* ]]; then
			tr '\0' ' ' <"$pid/cmdline"
			echo
		fi
	done 2>/dev/null
}
