# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.bash - podman with a storage of its own, beside whatever the host has.  To be sourced.
#
#	WORK     folder (absolute, made by the caller): storage, state, configuration and images lie in it
#	RUNTIME  the runtime that podman calls, an absolute path
#	HOOKS    folder of oci-hooks(5), empty: none
#
# No network: containers get none of their own, or the host's.

# shellcheck source=test/tap.bash disable=SC1091
source "${BASH_SOURCE%/*}/../tap.bash"

IMAGE=localhost/thymus-test

podman_up() {
	local files processes
	# an overlay's upper layer cannot lie on another overlay, which / is in many a test machine
	mount -t tmpfs -o mode=755 thymus-test "$WORK" || return 1
	mkdir -p "$WORK"/{hooks,bound,volumes}
	files=$(ulimit -Hn) processes=$(cat /proc/sys/kernel/pid_max)
	[ "$files" != unlimited ] || files=1048576
	cat >"$WORK/ours" <<-END
	cgroup_manager = "cgroupfs"
	events_logger = "file"
	infra_image = "$IMAGE"
	infra_command = "/bin/server"
	volume_path = "$WORK/volumes"
	END
	# what setup writes is one [engine] table with ours
	"$THYMUS" setup podman --no-verify --file "$WORK/setup" >/dev/null || return 1
	{
		printf '[containers]\ndefault_ulimits = ["nofile=%s", "nproc=%s"]\nnetns = "none"\n' \
			"$files:$files" "$processes:$processes"
		sed "/^\[engine\]/r $WORK/ours" "$WORK/setup"
	} >"$WORK/containers.conf"
	export CONTAINERS_CONF=$WORK/containers.conf PODMAN_IGNORE_CGROUPSV1_WARNING=1
}

podman() {
	local hooks=()
	[ -z "${HOOKS:-}" ] || hooks=(--hooks-dir "$HOOKS")
	timeout --foreground 60 podman --root "$WORK/root" --runroot "$WORK/runroot" --tmpdir "$WORK/tmp" --runtime "$RUNTIME" "${hooks[@]}" "$@"
}

# busybox and the test programs.
tree() { # FOLDER
	local tree=$1 name
	mkdir -p "$tree"/{bin,etc,tmp,proc,sys,dev,root,run}
	cp /bin/busybox "$tree/bin/busybox"
	for name in sh ls cat id sleep echo date true false ps head touch readlink grep tr seq mkdir rm; do
		ln -s busybox "$tree/bin/$name"
	done
	cp "$INSIDE/server" "$INSIDE/touch-proof" "$tree/bin/"
	cp "$INSIDE/touch-proof" "$tree/bin/learned"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:33:33:user:/tmp:/bin/sh\n' >"$tree/etc/passwd"
	printf 'root:x:0:\nuser:x:33:\n' >"$tree/etc/group"
	echo word >"$tree/etc/word"
}

podman_image() { # without a registry
	tree "$WORK/tree"
	echo word >"$WORK/bound/word"
	tar --sort=name --numeric-owner --owner 0 --group 0 --mtime @0 -C "$WORK/tree" -cf - . |
		podman import -q -c 'CMD ["/bin/server"]' -c 'STOPSIGNAL SIGKILL' - "$IMAGE" >/dev/null
}

# Ends exactly what was started here, whatever state it is in.
podman_down() {
	[ ! -e "$WORK/thymus.json" ] || ask release --all >/dev/null 2>&1
	timeout 60 bash -c "$(declare -f podman); WORK=$WORK RUNTIME=$RUNTIME; podman pod rm -f -a -t 0; podman rm -f -a -t 0" >/dev/null 2>&1
	awk -v work="$WORK/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r -n1 umount -l
	umount -l "$WORK"
}

# A script that is THYMUS with our policy: podman hands --runtime-flag on to all calls but those of its own clean-up.
write_thymus() { # PATH THYMUS POLICY
	printf '#!/bin/sh\nexec %q --thymus-policy %q "$@"\n' "$2" "$3" >"$1"
	chmod 755 "$1"
}

# `thymus` as a person calls it; bpffs at $WORK/bpf.
write_policy() { # [JQ]
	mkdir -p "$WORK/bpf"
	mountpoint -q "$WORK/bpf" || mount -t bpf thymus-test "$WORK/bpf" || return 1
	jq -n --arg w "$WORK" --arg runc "$(command -v runc)" '{ delegate: $runc, mode: "learn", folders: {
		profiles: ($w + "/profiles"), incidents: ($w + "/incidents"), run: ($w + "/run"),
		log: ($w + "/log"), bpf: ($w + "/bpf/thymus") } } | '"${1:-.}" >"$WORK/thymus.json"
	chmod 600 "$WORK/thymus.json"
}

ask() { timeout 60 "$THYMUS" --thymus-policy "$WORK/thymus.json" "$@"; }

is_watched() { find "$WORK/run/containers" -name state.json 2>/dev/null | grep -q .; }
none_watched() { ! is_watched; }
