# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.bash - a containerd of our own, beside whatever the host runs.  To be sourced.
#
#	WORK   folder (absolute, made by the caller): everything of this containerd lies in it
#	DATA   the folder in it of what containerd keeps, and of its state (WORK)
#
# The caller runs in a network namespace of its own: the CNI bridge is made in it.

# shellcheck source=test/tap.bash disable=SC1091
source "${BASH_SOURCE%/*}/../tap.bash"

DATA=${DATA:-$WORK}
SOCKET=$WORK/containerd.sock
NS=thymus-test
IMAGE=local/busybox:1
PAUSE=local/pause:1
# shellcheck disable=SC2034 # for who sources this
CGROUP=/thymus-ctd-$$

c() { timeout 60 ctr --address "$SOCKET" --namespace "$NS" "$@"; }

# CRI knows both runtimes, as handlers.
containerd_config() { # RUNC THYMUS
	local name binary
	cat <<-END
	version = 2
	root = "$DATA/root"
	state = "$DATA/state"
	disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
	  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
	[grpc]
	  address = "$SOCKET"
	[plugins."io.containerd.internal.v1.opt"]
	  path = "$WORK/opt"
	[plugins."io.containerd.grpc.v1.cri"]
	  sandbox_image = "docker.io/$PAUSE"
	  restrict_oom_score_adj = true
	  netns_mounts_under_state_dir = true
	  stream_server_address = "127.0.0.1"
	  stream_server_port = "0"
	  [plugins."io.containerd.grpc.v1.cri".cni]
	    bin_dir = "/usr/lib/cni"
	    conf_dir = "$WORK/cni"
	END
	for name in runc thymus; do
		binary=$1
		[ $name = runc ] || binary=$2
		cat <<-END
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$name]
		  runtime_type = "io.containerd.runc.v2"
		  pod_annotations = ["io.thymus.*"]
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$name.options]
		    BinaryName = "$binary"
		    Root = "$WORK/rt"
		    SystemdCgroup = ${SYSTEMD_CGROUP:-false}
		END
	done
}

cni_config() {
	mkdir -p "$WORK/cni"
	jq -n --arg dir "$WORK/ipam" '{cniVersion: "0.4.0", name: "thymus-test", plugins: [
		{type: "bridge", bridge: "cni-thymus", isGateway: true, ipMasq: false,
		 ipam: {type: "host-local", dataDir: $dir, ranges: [[{subnet: "10.245.7.0/24"}]]}}]}' \
		>"$WORK/cni/10-thymus.conflist"
}

containerd_up() { # RUNC THYMUS
	local i
	mkdir -p "$DATA"
	containerd_config "$@" >"$DATA/config.toml"
	cni_config
	setsid containerd --config "$DATA/config.toml" --log-level warn >>"$WORK/containerd.log" 2>&1 </dev/null 3>&- &
	CONTAINERD=$!
	for ((i = 0; i < 600; i++)); do
		c version >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	tail -n 20 "$WORK/containerd.log" >&2
	echo "containerd does not answer" >&2
	return 1
}

# The daemon alone: its containers go on.
containerd_end() {
	local i
	kill "$CONTAINERD" 2>/dev/null
	for ((i = 0; i < 300; i++)); do
		kill -0 "$CONTAINERD" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$CONTAINERD" 2>/dev/null && echo "containerd had to be killed" >&2
	wait "$CONTAINERD" 2>/dev/null
	CONTAINERD=
}

# What is still in the namespaces goes first, since shims outlive their containerd.
containerd_down() {
	local NS id
	[ -n "${CONTAINERD:-}" ] || return 0
	for NS in thymus-test k8s.io; do
		for id in $(timeout 20 ctr --address "$SOCKET" --namespace $NS tasks ls -q 2>/dev/null); do
			timeout 30 ctr --address "$SOCKET" --namespace $NS tasks rm -f "$id" >/dev/null 2>&1
		done
	done
	containerd_end
	# deepest first
	awk -v data="$DATA/" 'index($5, data) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		xargs -r -n1 umount -l
}

blob() { # FILE: becomes a blob of the layout; prints its descriptor's "digest" and "size"
	local sum
	sum=$(sha256sum "$1" | cut -d' ' -f1)
	mv "$1" "$WORK/oci/blobs/sha256/$sum"
	jq -cn --arg digest "sha256:$sum" --argjson size "$(stat -c %s "$WORK/oci/blobs/sha256/$sum")" '{$digest, $size}'
}

# An image without a registry: an OCI layout (image-spec image-layout.md) of one layer.
image() { # NAME ROOTFS COMMAND...
	local name=$1 rootfs=$2 layer config manifest type=application/vnd.oci.image tmp=$WORK/blob
	shift 2
	rm -rf "$WORK/oci"
	mkdir -p "$WORK/oci/blobs/sha256"
	tar --sort=name --numeric-owner --owner=0 --group=0 --mtime=@0 -C "$rootfs" -cf "$tmp" .
	layer=$(blob "$tmp")
	jq -n --argjson l "$layer" '{architecture: "amd64", os: "linux", config: {Cmd: $ARGS.positional, Env: ["PATH=/bin"]},
		rootfs: {type: "layers", diff_ids: [$l.digest]}}' --args -- "$@" >"$tmp"
	config=$(blob "$tmp")
	jq -n --arg t $type --argjson c "$config" --argjson l "$layer" '{schemaVersion: 2,
		config: ($c + {mediaType: ($t + ".config.v1+json")}), layers: [$l + {mediaType: ($t + ".layer.v1.tar")}]}' >"$tmp"
	manifest=$(blob "$tmp")
	jq -n --arg t $type --arg name "docker.io/$name" --argjson m "$manifest" '{schemaVersion: 2, manifests: [$m + {
		mediaType: ($t + ".manifest.v1+json"), annotations: {"io.containerd.image.name": $name}}]}' >"$WORK/oci/index.json"
	echo '{"imageLayoutVersion": "1.0.0"}' >"$WORK/oci/oci-layout"
	tar -C "$WORK/oci" -cf "$WORK/image.tar" .
	for ns in thymus-test k8s.io; do
		ctr --address "$SOCKET" --namespace $ns images import "$WORK/image.tar" >/dev/null || return 1
	done
}

rootfs() {
	local name
	mkdir -p "$WORK/rootfs"/{bin,dev,etc,proc,root,sys,tmp}
	cp /bin/busybox "$WORK/rootfs/bin/busybox"
	for name in sh ls cat id sleep echo true false kill stty hostname grep mv; do
		ln -s busybox "$WORK/rootfs/bin/$name"
	done
	cp "$WORK/rootfs/bin/busybox" "$WORK/rootfs/bin/other" # a program that nothing runs while it learns
	printf 'root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/sh\n' >"$WORK/rootfs/etc/passwd"
	printf 'root:x:0:\nwww:x:33:\n' >"$WORK/rootfs/etc/group"
	mkdir -p "$WORK/pause/bin"
	cp /bin/busybox "$WORK/pause/bin/busybox"
	ln -s busybox "$WORK/pause/bin/sleep"
}

images() { image "$IMAGE" "$WORK/rootfs" /bin/sh && image "$PAUSE" "$WORK/pause" /bin/sleep 1000000; }
