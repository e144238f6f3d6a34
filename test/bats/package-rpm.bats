#!/usr/bin/env bats
# bats file_tags=root,slow
# takes: 4 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# The RPM, by Debian's rpm: its scriptlets do what the Debian package's do.  The tests are one story.

load machine

setup_file() { machine_package rpm 'thymus-*.rpm'; }
teardown_file() { machine_stop; }

rpm() { in_machine rpm --dbpath /var/lib/rpm-of-the-test "$@"; }
installed() { rpm -q thymus >/dev/null; }
unwatched() { [ -z "$(in_machine sh -c 'ls /run/thymus/containers')" ]; }
refused() { # WORDS: and all stays as it is
	run rpm -e thymus
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"$1"* ]]
	installed
	in_machine thymus status --json >/dev/null
}

@test "it installs, makes its folders, and raises a limit that is lower" {
	rpm -i --nodeps /tmp/thymus.rpm
	installed
	in_machine thymus --version | grep -q "thymus: "
	local folder
	for folder in /run/thymus /var/lib/thymus /var/log/thymus; do
		[ "$(in_machine stat -c '%a %U' "$folder")" = "700 root" ]
	done
	[ "$(in_machine cat /run/limit)" = 1024 ]
	in_machine test -x /usr/libexec/thymus/thymus-hook
	in_machine sh -c 'echo 4096 >/run/limit'
	rpm -U --nodeps --force /tmp/thymus.rpm
	[ "$(in_machine cat /run/limit)" = 4096 ]
}

@test "a watched container: its removal is refused, and says why; an upgrade is not" {
	machine_container web "${SLEEP[@]}"
	pinned
	refused "container web"
	pinned
	rpm -U --nodeps --force /tmp/thymus.rpm
	here /run/thymus/containers
	runs web
}

@test "an engine that names thymus, and a container of it that does not run" {
	in_machine thymus delete -f web
	wait_for 30 unwatched
	in_machine mkdir -p /etc/docker /var/lib/docker/containers/stopped
	in_machine thymus setup docker >/dev/null
	refused "/etc/docker/daemon.json"
	in_machine thymus setup docker --remove >/dev/null
	in_machine sh -c 'echo "{\"Runtime\":\"thymus\"}" >/var/lib/docker/containers/stopped/hostconfig.json'
	refused "container stopped"
	in_machine rm -r /var/lib/docker/containers/stopped
}

@test "by force: the containers run on, and a script is the runtime until the last of them is deleted" {
	machine_container web "${SLEEP[@]}"
	in_machine env THYMUS_FORCE=1 rpm --dbpath /var/lib/rpm-of-the-test -e thymus
	not installed
	not pinned
	runs web
	[ "$(in_machine head -c 2 /usr/sbin/thymus)" = '#!' ]
	[ "$(in_machine thymus --thymus-mode enforce --thymus-policy=/x state web | jq -r .id)" = web ]
	in_machine thymus exec web /bin/busybox true
	in_machine thymus delete -f web
	not here /usr/sbin/thymus
	not here /usr/libexec/thymus
	not here /run/thymus
	here /var/lib/thymus/profiles
}

@test "installed again over what force left, and removed with nothing that needs it: only what was learned stays" {
	rpm -i --nodeps /tmp/thymus.rpm
	machine_container web "${SLEEP[@]}"
	in_machine env THYMUS_FORCE=1 rpm --dbpath /var/lib/rpm-of-the-test -e thymus
	rpm -i --nodeps /tmp/thymus.rpm # in the script's place
	not here /var/lib/thymus/removal
	[ "$(in_machine head -c 4 /usr/sbin/thymus | tail -c 3)" = ELF ]
	in_machine thymus delete -f web
	rpm -e thymus
	not here /usr/sbin/thymus
	not here /usr/libexec/thymus
	not here /run/thymus
	[ ! -e "$BPF" ]
	here /var/lib/thymus/profiles
	here /etc/thymus/thymus.json
}
