#!/usr/bin/env bats
# bats file_tags=root,slow
# SPDX-License-Identifier: GPL-2.0-or-later
# in order: each test goes on where the one before it ended.
# The package where its users install it: systemd, Docker by its own service, the unified hierarchy.  In a machine that is
# thrown away:  make deb && scripts/vm bookworm bats test/vm/package.bats

load ../wait

setup_file() {
	systemd-detect-virt -q || { echo "for virtual machines only: see scripts/vm" >&2; return 1; }
	DEB=$(echo "$BATS_TEST_DIRNAME"/../../build/thymus_*.deb)
	export DEB
	[ -e "$DEB" ]
	mkdir -p /tmp/image/bin
	cp /bin/busybox /tmp/image/bin/busybox
	ln -s busybox /tmp/image/bin/sh
	tar -C /tmp/image -c . | docker import - thymus-test >/dev/null
	BEFORE=/tmp/before
	export BEFORE
	traces >$BEFORE
}

traces() { # what must be as before
	mount | grep -v overlay | sort
	find /sys/fs/cgroup -maxdepth 2 -name '*thymus*'
	find /sys/fs/bpf -name '*thymus*'
	systemctl list-unit-files --no-legend --plain | grep -i thymus || true
	find /usr /etc /run -xdev -name '*thymus*' -not -name 'thymus-vm*' -not -name '*.before-thymus'
}
watched() { thymus status --json | jq -e --arg id "$1" '.containers[] | select(.id == $id)' >/dev/null; }
runs() { [ "$(docker inspect -f '{{.State.Running}}' "$1")" = true ]; }
run_in_docker() { docker run -d --name "$1" --runtime thymus thymus-test sh -c 'while :; do busybox sleep 1; done'; }

@test "installed by dpkg, it starts no service and makes its folders by tmpfiles" {
	dpkg -i "$DEB"
	[ "$(stat -c %a /run/thymus)" = 700 ]
	[ "$(cat /proc/sys/fs/fanotify/max_user_groups)" -ge 1024 ]
	[ "$(systemctl list-unit-files --no-legend --plain | grep -c '^thymus\.')" = 0 ]
}

@test "set up for Docker, a container runs and is watched; doctor finds nothing" {
	thymus setup docker
	systemctl reload docker
	wait_for 60 sh -c "docker info -f '{{.Runtimes}}' | grep -q thymus"
	id=$(run_in_docker web)
	wait_for 60 watched "$id"
	run thymus doctor
	[[ $output == *"LSM in force: apparmor"* ]]
	[ "$status" -eq 0 ] || [ "$(thymus doctor --json | jq '[.[] | select(.level == "fail")] | length')" = 0 ]
}

@test "another version put over it: the container and its monitor go on, and removal is refused" {
	local id keeper work
	id=$(docker inspect -f '{{.Id}}' web)
	keeper=$(thymus status --json | jq ".containers[] | select(.id == \"$id\") | .keeper")
	work=$(mktemp -d)
	dpkg-deb -R "$DEB" "$work"
	sed -i 's/^Version: .*/&+later/' "$work/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$work" /tmp/later.deb
	dpkg -i /tmp/later.deb
	runs web
	watched "$id"
	[ -d "/proc/$keeper" ]
	run dpkg -r thymus
	[ "$status" -ne 0 ]
	[[ $output == *"container $id"* ]]
	[[ $output == *"/etc/docker/daemon.json"* ]]
}

@test "by force the container runs on; once it and the setting are gone, thymus can be purged and nothing is left" {
	THYMUS_FORCE=1 dpkg -r thymus
	runs web
	docker exec web /bin/busybox true
	docker rm -f web
	dpkg -i "$DEB"
	thymus setup docker --remove
	systemctl reload docker
	dpkg --purge thymus
	[ ! -e /sys/fs/cgroup/thymus ]
	traces | diff "$BEFORE" -
	[ ! -e /var/lib/thymus ]
	[ ! -e /var/log/thymus ]
}
