#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bundle.sh DIR ROOTFS [NETNS] - an OCI bundle in DIR as dockerd makes one: an overlay over ROOTFS,
# config.json with Docker's default capabilities, devices, masked paths and a seccomp filter like
# its own.  The guestbook's key is made anew and kept in DIR/key.  NETNS: a network namespace's
# file; without it the container gets a fresh one.
# bundle.sh remove DIR - take it away again.
set -euo pipefail

demo=$(cd "$(dirname "$0")" && pwd)

if [ "${1:-}" = remove ]; then
	dir=${2:?usage: bundle.sh remove DIR}
	for i in "$dir/rootfs" "$dir/layers"; do
		mountpoint -q "$i" && umount -l "$i"
	done
	rm -rf "$dir"
	exit 0
fi

dir=${1:?usage: bundle.sh DIR ROOTFS [NETNS]}
lower=$(cd "${2:?usage: bundle.sh DIR ROOTFS [NETNS]}" && pwd)
netns=${3:-}
mkdir -p "$dir"/{layers,rootfs}
dir=$(cd "$dir" && pwd)

# The upper layer on a tmpfs: an overlay cannot have its upper layer on another overlay, which is
# what the host's / is in many a test machine.
mount -t tmpfs -o size=256m,mode=755 thymus-demo "$dir/layers"
mkdir "$dir"/layers/{upper,work}
mount -t overlay thymus-demo \
	-o "lowerdir=$lower,upperdir=$dir/layers/upper,workdir=$dir/layers/work" "$dir/rootfs"
key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "$key" >"$dir/key"
echo "$key" >"$dir/rootfs/etc/guestbook.key"

case $(uname -m) in
x86_64) archs='["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"]' ;;
aarch64) archs='["SCMP_ARCH_AARCH64","SCMP_ARCH_ARM"]' ;;
*) archs='[]' ;;
esac
jq --argjson archs "$archs" --slurpfile seccomp "$demo/seccomp.json" --arg netns "$netns" \
	--arg cgroup "/${TAG:-thymus-demo}/$(basename "$dir")" '
	.linux.seccomp = ($seccomp[0] | .architectures = $archs) |
	.linux.cgroupsPath = $cgroup |
	.linux.namespaces |= map(if .type == "network" and $netns != "" then .path = $netns
		else . end)' "$demo/config.json" >"$dir/config.json"
