# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# instance.bash - a folder with a containerd of our own in it, and with an instance of thymus.  To be sourced.
#
#	runtime  the runtime under test, an absolute path: thymus, or with `control` set another one
#
# Makes WORK, and removes it at the end.  KEEP: a folder for what is worth a look.

here=$(cd "${BASH_SOURCE%/*}" && pwd)
for i in containerd ctr runc jq ip script protoc; do
	command -v $i >/dev/null || { echo "$0: $i is missing" >&2; exit 2; }
done
runc=$(command -v runc)
WORK=$(mktemp -d /tmp/thymus-ctd.XXXXXX) || exit 2
# overlayfs does not lie on another one, which / is in many a test machine
mount -t tmpfs -o mode=755 thymus-test "$WORK" || exit 2
DATA=$WORK/data
BINARY=$WORK/runtime # an engine can name a program, but no arguments
# shellcheck source=test/containerd/lib.bash disable=SC1091
source "$here/lib.bash"
# shellcheck source=test/containerd/verbs.bash disable=SC1091
source "$here/verbs.bash"

finish() {
	containerd_down
	umount -l "$WORK/thymus/bpf" 2>/dev/null
	find /sys/fs/cgroup -depth -type d -path "*$CGROUP*" -exec rmdir {} + 2>/dev/null
	if [ -n "${KEEP:-}" ]; then
		echo "# outputs are in $KEEP"
		rm -rf "$KEEP"
		mkdir -p "$KEEP"
		cp -a "$WORK"/out.* "$WORK"/*.log "$WORK/thymus" "$KEEP" 2>/dev/null
	fi
	umount -l "$WORK"
	rmdir "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM

# What thymus reads each time that it is called.
policy() { # MODE [FILTER]
	jq -n --arg mode "$1" --arg w "$WORK/thymus" --arg runc "$runc" '{delegate: $runc, mode: $mode,
		folders: {profiles: ($w + "/profiles"), incidents: ($w + "/incidents"), run: ($w + "/run"),
			log: ($w + "/log"), bpf: ($w + "/bpf/thymus")},
		annotations: {mode: ["monitor"], profile: ["shop-*"]}} | '"${2:-.}" >"$WORK/thymus/policy.new" &&
		chmod 600 "$WORK/thymus/policy.new" && mv "$WORK/thymus/policy.new" "$WORK/thymus/policy.json"
}

ask() { timeout 60 "$runtime" --thymus-policy "$WORK/thymus/policy.json" "$@"; }

# SCOPE/NAME@IMAGE, one a line
profiles() { find "$WORK/thymus/profiles" -name '*.json' -printf '%P\n' | sed 's/\.json$//' | sort; }

promote_all() {
	local name
	profiles | while read -r name; do
		ask profile --force promote "$name" || return 1
	done
}

daemon() { containerd_up "$runc" "$BINARY"; }

# Containerd with its images and a client of its CRI, and thymus in mode learn.
begin() {
	mkdir -p "$WORK"/thymus/bpf "$WORK"/ids "$WORK"/logs
	ip link set lo up && mount -t bpf thymus-test "$WORK/thymus/bpf" && policy learn || return 1
	if [ -n "${control:-}" ]; then
		printf '#!/bin/sh\nexec %s "$@"\n' "$runtime" >"$BINARY"
	else
		printf '#!/bin/sh\nexec %s --thymus-policy %s/thymus/policy.json "$@"\n' "$runtime" "$WORK" >"$BINARY"
	fi
	chmod +x "$BINARY"
	rootfs && daemon && images && cri_up
}
