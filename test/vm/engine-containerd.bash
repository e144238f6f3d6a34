# shellcheck shell=bash disable=SC1091,SC2034,SC2153,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# engine-containerd.bash - a containerd whose cgroups are systemd's, by a client of its CRI.  To be sourced by engines.
so_far="$count $failed"
SYSTEMD_CGROUP=true
source "$here/../containerd/lib.bash"
source "$here/../containerd/verbs.bash"
read -r count failed <<<"$so_far"
CGROUP=engines-test.slice STEPS=steps-cri WORKS="pod up process cgroup stats update lesson stop remove again pod-end"

init_pid() { cri_pid "$1"; }

up() {
	local here=$top/test/containerd
	mkdir -p "$WORK/ids" "$WORK/pause/bin"
	cp /bin/busybox "$WORK/pause/bin/sleep"
	systemctl stop docker docker.socket containerd
	containerd_up "$(command -v runc)" "$THYMUS" && image "$IMAGE" "$WORK/tree" /bin/server &&
		image "$PAUSE" "$WORK/pause" /bin/sleep 1000000 && cri_up
}
choose() { [ "$1" = plain ] && HANDLER=runc RUNTIME=runc || HANDLER=thymus RUNTIME=thymus; }

begin() { pod shop-1 "$host_network" && container shop-1 web . /bin/server && serves web; }
enter() { sync "$1" /bin/true; }
end_frozen() { on web StopContainer '{"timeout": 1}' && state_is web EXITED && end_pod shop-1; }
force_frozen() { end_pod shop-1; }
down() { containerd_down; }
