# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.bash - the demo's container: its network, its life.  To be sourced.
#
#	DEMO          folder for bundles and the runtime's state (absolute, made by the caller)
#	RUNTIME       runtime (runc); RUNTIME_ARGS: words put before the command
#	TAG           prefix of network namespaces and cgroups, so that copies live side by side
#
# Two network namespaces hold the container and its clients; nothing of the host's is touched.
RUNTIME=${RUNTIME:-runc}
RUNTIME_ARGS=${RUNTIME_ARGS:-}
export TAG=${TAG:-thymus-demo}
RT_ROOT=${RT_ROOT:-$DEMO/runtime}
SERVER=192.0.2.2
CLIENT_ADDRESS=192.0.2.1

demo_runtime() {
	# shellcheck disable=SC2086 # words on purpose
	timeout "${RUNTIME_SECONDS:-30}" "$RUNTIME" $RUNTIME_ARGS --root "$RT_ROOT" "$@"
}

demo_net_up() {
	ip netns add "$TAG" && ip netns add "$TAG-client" || return 1
	ip -n "$TAG-client" link add e0 type veth peer name eth0 netns "$TAG" &&
		ip -n "$TAG" addr add $SERVER/30 dev eth0 &&
		ip -n "$TAG-client" addr add $CLIENT_ADDRESS/30 dev e0 &&
		ip -n "$TAG" link set lo up && ip -n "$TAG" link set eth0 up &&
		ip -n "$TAG-client" link set lo up && ip -n "$TAG-client" link set e0 up
}

# The network, and the cgroup above the containers' own, in every hierarchy.
demo_net_down() {
	ip netns del "$TAG" 2>/dev/null
	ip netns del "$TAG-client" 2>/dev/null
	find /sys/fs/cgroup -maxdepth 2 -type d -name "$TAG" -exec rmdir {} + 2>/dev/null
	return 0
}

# What load.sh and the attacks need to reach container ID.
demo_client() {
	export CLIENT="nsenter --net=/run/netns/$TAG-client" HOST=$SERVER LISTEN=$CLIENT_ADDRESS
	export KEY_FILE=$DEMO/$1/key
	export SIGNAL="$RUNTIME $RUNTIME_ARGS --root $RT_ROOT kill $1"
}

demo_status() { # ID: created, running, paused, stopped or nothing
	demo_runtime state "$1" 2>/dev/null | jq -r .status
}

demo_ready() {
	local i
	for ((i = 0; i < 100; i++)); do
		$CLIENT curl -s -o /dev/null -m 1 "http://$HOST/app/" && return 0
		sleep 0.1
	done
	echo "demo: the guestbook does not answer at $HOST" >&2
	return 1
}

demo_start() { # ID ROOTFS: bundle, create, start, wait for the first answer
	local dir=$DEMO/$1
	"$DEMO_SOURCE/bundle.sh" "$dir" "$2" "/run/netns/$TAG" || return 1
	demo_client "$1"
	if ! demo_runtime create --bundle "$dir" --pid-file "$dir/pid" "$1" \
		</dev/null >"$dir/output" 2>&1 || ! demo_runtime start "$1" </dev/null; then
		cat "$dir/output" >&2
		return 1
	fi
	demo_ready
}

demo_stop() { # ID: as an engine does: TERM, ten seconds of grace, KILL
	local dir=$DEMO/$1 i
	[ -d "$dir" ] || return 0
	demo_runtime kill "$1" TERM >/dev/null 2>&1
	for ((i = 0; i < 100; i++)); do
		case $(demo_status "$1") in running | paused) sleep 0.1 ;; *) break ;; esac
	done
	demo_runtime kill "$1" KILL >/dev/null 2>&1
	for ((i = 0; i < 50; i++)); do
		demo_runtime delete --force "$1" >/dev/null 2>&1
		[ -n "$(demo_status "$1")" ] || break
		sleep 0.1
	done
	"$DEMO_SOURCE/bundle.sh" remove "$dir"
}

DEMO_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
