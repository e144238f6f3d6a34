#!/usr/bin/env bats
# bats file_tags=root,slow
# SPDX-License-Identifier: GPL-2.0-or-later
# in order: each test goes on where the one before it ended.
# A host where SELinux enforces: a container with a label of its own, under runc, is learned, enforced and frozen.  In a
# machine that is thrown away:  scripts/vm trixie-selinux test/vm/suite test/vm/selinux.bats

load ../wait

bats_require_minimum_version 1.5.0
LABEL=system_u:system_r:container_t:s0:c1,c2 FILES=system_u:object_r:container_file_t:s0:c1,c2
W=/var/lib/selinux-test

setup_file() {
	systemd-detect-virt -q || { echo "for virtual machines only: see scripts/vm" >&2; return 1; }
	local top=$BATS_TEST_DIRNAME/../..
	install -Dm755 "$top/build/plain/thymus" /usr/sbin/thymus
	install -Dm755 "$top/build/plain/thymus-hook" /usr/libexec/thymus/thymus-hook
	restorecon -R /usr/sbin/thymus /usr/libexec/thymus
	mkdir -p /etc/thymus
	echo '{ "mode": "learn", "attach_timeout": 60 }' >/etc/thymus/thymus.json
	export INSIDE=$top/build/plain/test/inside WORK=$W
	# shellcheck source=test/podman/lib.bash disable=SC1091
	(source "$top/test/podman/lib.bash" && tree $W/web/rootfs)
	(cd $W/web && runc spec)
	jq --arg label $LABEL --arg files $FILES '.process.args = ["/bin/server"] | .process.terminal = false | .process.selinuxLabel = $label |
		.linux.mountLabel = $files | .root.readonly = false | .linux.cgroupsPath = "/selinux-test"' $W/web/config.json >$W/new
	mv $W/new $W/web/config.json
	chcon -R $FILES $W/web/rootfs
}

teardown() { thymus delete -f web >/dev/null 2>&1 || true; }

not() { ! "$@"; } # bats does not fail on a bare !

begin() { # RUNTIME
	rm -f $W/web/rootfs/tmp/*
	"$1" run -d --bundle $W/web web </dev/null >$W/out 2>&1 3>&- || { cat $W/out; return 1; }
	wait_for 60 test -e $W/web/rootfs/tmp/proof-alive
	[ "$(tr -d '\0' <"/proc/$(runc state web | jq .pid)/attr/current")" = $LABEL ]
}
say() { # WORD
	echo "$1" >$W/web/rootfs/tmp/new
	chcon $FILES $W/web/rootfs/tmp/new # mv keeps it
	mv $W/web/rootfs/tmp/new $W/web/rootfs/tmp/command
	wait_for 60 not test -e $W/web/rootfs/tmp/command
}
work() { say harmless && say nothing; }
of_web() { thymus status --json | jq -e '.containers[] | select(.id == "web") | '"$1"; }

@test "SELinux enforces, and doctor says so" {
	[ "$(getenforce)" = Enforcing ]
	run thymus doctor
	[[ $output == *"LSM in force: selinux (enforcing)"* ]]
	[ "$status" -eq 0 ]
}

@test "the labelled container runs under runc, and does what it is not stopped from" {
	begin runc
	say exec
	wait_for 60 test -e $W/web/rootfs/tmp/proof-ran
}

@test "under thymus it is learned, twice, with the label that it was given" {
	for _ in 1 2; do
		begin thymus
		wait_for 60 of_web '.mode == "learn"'
		work
		thymus delete -f web
	done
	[ "$(thymus profile ls --json | jq length)" = 1 ]
	not grep '"type":"error"' /var/log/thymus/events.jsonl
}

@test "what was learned is enforced: it is calm, then frozen for a program that was never learned" {
	thymus profile --force promote "$(thymus profile ls --json | jq -r '.[0].name')"
	thymus mode enforce --all
	begin thymus
	wait_for 60 of_web '.mode == "enforce"'
	work
	[ "$(thymus incident ls --json | jq length)" = 0 ]
	rm -f $W/web/rootfs/tmp/proof-ran
	say exec
	wait_for 60 of_web '.action == "freeze"'
	[ ! -e $W/web/rootfs/tmp/proof-ran ]
	thymus kill web KILL
	thymus delete -f web
	wait_for 60 not of_web true
	not grep '"type":"error"' /var/log/thymus/events.jsonl
}

@test "SELinux has denied nothing to thymus" {
	not sh -c 'dmesg | grep -i "avc: *denied" | grep -E "thymus|comm=\"runc"'
}
