# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# A machine to install packages in: this host's files behind an overlay, in a mount namespace of its own, with an empty
# /run.  Its kernel, cgroups and bpffs are the host's; there is no init.

# shellcheck source=test/wait.bash disable=SC1091
source "${BASH_SOURCE%/*}/../wait.bash"

machine_start() { # in $M; what is written there is in memory and gone with it
	M=$BATS_FILE_TMPDIR/machine
	mkdir -p "$M"
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m --propagation private bash -ec '
		mount -t tmpfs -o mode=755 thymus-test "$0"
		cd "$0"
		mkdir upper work root
		mount -t overlay thymus-test -o lowerdir=/,upperdir=upper,workdir=work root
		cd root
		for at in dev proc sys; do mount --rbind /$at $at; done
		mount -t tmpfs -o mode=755 thymus-test run
		mount -t tmpfs -o mode=1777 thymus-test tmp
		mkdir -p run/old
		pivot_root . run/old
		umount -l /run/old
		rmdir /run/old
		touch /run/ready
		exec sleep infinity' "$M" 3>&- &
	MACHINE=$!
	for _ in $(seq 100); do
		in_machine test -e /run/ready 2>/dev/null && break
		sleep 0.1
	done
	in_machine mkdir -p /etc/thymus
	BPF=/sys/fs/bpf/thymus-machine-$$
	jq -n --arg bpf "$BPF" '{ folders: { bpf: $bpf }, mode: "learn" }' | in_machine tee /etc/thymus/thymus.json >/dev/null
	in_machine chmod 600 /etc/thymus/thymus.json
	export M MACHINE BPF
}

in_machine() {
	env -u BASH_ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin nsenter -t "$MACHINE" -m -r -w "$@" 3>&-
}

machine_stop() {
	local id
	for id in $(in_machine runc list -q 2>/dev/null); do in_machine runc delete -f "$id" || true; done
	# a keeper holds this namespace until it has ended
	for _ in $(seq 50); do
		[ -z "$(in_machine sh -c 'ls /run/thymus/containers 2>/dev/null')" ] && break
		sleep 0.1
	done
	kill "$MACHINE"
	rm -rf "$BPF"
}

# A container that runs until it is killed, made by the thymus (or what is in its place) of the machine.
machine_container() { # ID COMMAND...
	local id=$1 b=/run/bundle/$1
	shift
	in_machine mkdir -p "$b/rootfs/bin" "$b/rootfs/proc" "$b/rootfs/sys" "$b/rootfs/dev" "$b/rootfs/tmp"
	in_machine cp /bin/busybox "$b/rootfs/bin/busybox"
	in_machine ln -sf busybox "$b/rootfs/bin/sh"
	in_machine sh -c "cd $b && rm -f config.json && runc spec"
	in_machine cat "$b/config.json" | jq --arg cg "/thymus-test/machine-$$-$id" '.process.terminal = false |
		.process.args = $ARGS.positional | .linux.cgroupsPath = $cg | .root.readonly = false' --args -- "$@" >"$BATS_TEST_TMPDIR/config"
	in_machine tee "$b/config.json" <"$BATS_TEST_TMPDIR/config" >/dev/null
	in_machine thymus run -d --bundle "$b" "$id" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
}

# A machine in which the package lies as /tmp/thymus.KIND.
machine_package() { # deb|rpm NAME (a pattern)
	local top=$BATS_TEST_DIRNAME/../.. file
	make -s -C "$top" "$1" >/dev/null
	# shellcheck disable=SC2206 # a pattern
	file=("$top"/build/$2)
	machine_start
	in_machine tee "/tmp/thymus.$1" <"${file[0]}" >/dev/null
	# the host's limit is not ours to change: another file stands in its place
	in_machine sh -c 'echo 128 >/run/limit; mount --bind /run/limit /proc/sys/fs/fanotify/max_user_groups'
}
pinned() { [ -n "$(find "$BPF" -name 'link_*' 2>/dev/null)" ]; }
here() { in_machine test -e "$1"; }

SLEEP=(/bin/sh -c 'while :; do busybox sleep 1; done')

runs() { [ "$(in_machine runc state "$1" | jq -r .status)" = running ]; }
not() { ! "$@"; } # bats does not fail on a bare !
