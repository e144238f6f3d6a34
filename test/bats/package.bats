#!/usr/bin/env bats
# bats file_tags=root,slow
# takes: 3 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package: what it installs, whom it refuses to leave, and that nothing of it stays.  The tests are one story.

load machine

setup_file() { machine_package deb 'thymus_*.deb'; }
teardown_file() { machine_stop; }

installed() { [ "$(in_machine dpkg-query -W -f '${db:Status-Status}' thymus 2>/dev/null)" = installed ]; }
refused() { # WORDS: and all stays as it is
	run in_machine dpkg -r thymus
	[ "$status" -ne 0 ]
	[[ $output == *"$1"* ]]
	installed
	in_machine thymus status --json >/dev/null
}

@test "it installs, makes its folders, and raises a limit that is lower" {
	in_machine dpkg -i /tmp/thymus.deb
	installed
	in_machine thymus --version | grep -q "thymus: "
	local folder
	for folder in /run/thymus /var/lib/thymus /var/log/thymus; do
		[ "$(in_machine stat -c '%a %U' "$folder")" = "700 root" ]
	done
	[ "$(in_machine cat /run/limit)" = 1024 ]
	in_machine test -x /usr/libexec/thymus/thymus-hook
	in_machine sh -c 'echo 4096 >/run/limit'
	in_machine dpkg -i /tmp/thymus.deb
	[ "$(in_machine cat /run/limit)" = 4096 ]
}

@test "a watched container: its removal is refused, and says why" {
	machine_container web "${SLEEP[@]}"
	pinned
	refused "container web"
	pinned
	runs web
}

@test "a container that nobody watches any more, but whose bundle has our hook" {
	in_machine thymus unload --force
	not pinned
	refused "container web"
}

@test "an engine that names thymus" {
	in_machine runc delete -f web
	in_machine mkdir -p /etc/docker
	in_machine thymus setup docker >/dev/null
	refused "/etc/docker/daemon.json"
	in_machine thymus setup docker --remove >/dev/null
	in_machine mkdir -p /var/lib/docker/containers/stopped
	in_machine sh -c 'echo "{\"Runtime\":\"thymus\"}" >/var/lib/docker/containers/stopped/hostconfig.json'
	refused "container stopped"
	in_machine rm -r /var/lib/docker/containers/stopped
}

@test "by force: the containers run on, and a script is the runtime until the last of them is deleted" {
	machine_container web "${SLEEP[@]}"
	machine_container db "${SLEEP[@]}"
	in_machine env THYMUS_FORCE=1 dpkg -r thymus
	not installed
	not pinned
	runs web
	runs db
	[ "$(in_machine head -c 2 /usr/sbin/thymus)" = '#!' ]
	[ "$(in_machine thymus --thymus-mode enforce --thymus-policy=/x state web | jq -r .id)" = web ]
	in_machine thymus exec web /bin/busybox true
	in_machine thymus delete -f web
	here /usr/sbin/thymus
	in_machine thymus delete -f db
	not here /usr/sbin/thymus
	not here /usr/libexec/thymus
	not here /run/thymus
	here /var/lib/thymus/profiles
}

@test "installed again and removed, with nothing that needs it: only what was learned stays, until it is purged" {
	in_machine dpkg -i /tmp/thymus.deb
	machine_container web "${SLEEP[@]}"
	in_machine thymus delete -f web
	wait_for 10 not here /run/thymus/containers/*
	in_machine dpkg -r thymus
	not here /usr/sbin/thymus
	not here /usr/libexec/thymus
	not here /run/thymus
	[ ! -e "$BPF" ]
	here /var/lib/thymus/profiles
	here /etc/thymus/thymus.json
	in_machine dpkg --purge thymus
	not here /var/lib/thymus
	not here /var/log/thymus
	not here /etc/thymus
	run in_machine find /usr /etc /var -xdev -name '*thymus*' -not -name '*.before-thymus' -newer /run/ready
	[ -z "$output" ] || { echo "stayed: $output"; return 1; }
}
