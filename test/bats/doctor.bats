#!/usr/bin/env bats
# bats file_tags=root
# SPDX-License-Identifier: GPL-2.0-or-later
# thymus doctor: each fault has its line with a remedy; a healthy host has none.

load root
load server

setup() {
	instance
	ETC=$W/etc
	mkdir -p "$ETC"/{docker,containerd,crio/crio.conf.d,containers/containers.conf.d}
}

teardown() { cleanup_instance; }

doctor() { th doctor --json --etc "$ETC"; }

finds() { # LEVEL WHAT WORDS...: exactly that line, and it says what to do
	run doctor
	[ "$status" -eq 1 ]
	echo "$output"
	[ "$(jq length <<<"$output")" = 1 ]
	[ "$(jq -r '.[0] | .level + " " + .what' <<<"$output")" = "$1 $2" ]
	[[ $(jq -r '.[0].words' <<<"$output") == *"$3"* ]]
	[ -n "$(jq -r '.[0].remedy' <<<"$output")" ]
}

calm() {
	run doctor
	[ "$status" -eq 0 ]
	[ "$output" = "[]" ]
}

@test "a healthy host has no findings, before its first container and after it" {
	calm
	rootfs
	learn
	calm
	start victim enforce
	calm
	[[ $(th doctor --etc "$ETC") == ok*"LSM in force: "* ]]
}

@test "a runtime that is missing, or no program" {
	instance 'delegate="/nowhere/runc"'
	finds fail runtime "/nowhere/runc is no program"
	touch "$W/text"
	instance "delegate=\"$W/text\""
	finds fail runtime "text is no program"
}

@test "a runtime that is thymus itself" {
	instance "delegate=\"$THYMUS\""
	finds fail runtime "is thymus itself"
}

@test "a folder of pins that the kernel would refuse" {
	instance 'folders={"bpf":"/sys/fs/bpf/thymus.test"}'
	finds fail sensor "a dot in names"
}

@test "what was said for all containers, and a file of it that nobody understands" {
	th mode monitor --all
	finds warn mode "mode monitor for all containers"
	th mode default --all
	calm
	mkdir -p "$W/profiles"
	chmod 700 "$W/profiles"
	echo '{' >"$W/profiles/mode.json"
	finds fail mode mode.json
	rm "$W/profiles/mode.json"
	calm
}

@test "a hook that is missing" {
	mkdir "$W/bin"
	cp "$THYMUS" "$W/bin/thymus"
	[ ! -e /usr/libexec/thymus/thymus-hook ] || skip "thymus is installed"
	THYMUS=$W/bin/thymus
	finds fail hook "thymus-hook is not there"
}

@test "folders that others may write, that are none, or another's" {
	mkdir -p "$W/profiles" "$W/log"
	chmod 777 "$W/profiles"
	finds fail profiles "written by others"
	chmod 700 "$W/profiles"
	chown 1 "$W/log"
	finds fail log "written by others"
	chown 0 "$W/log"
	touch "$W/incidents"
	finds fail incidents "is no folder"
}

@test "a folder without room" {
	mkdir -p "$W/log"
	mount -t tmpfs -o size=1m,mode=700 thymus-test "$W/log"
	calm
	dd if=/dev/zero of="$W/log/full" bs=1k count=1000 2>/dev/null
	finds warn log "little room left"
	umount "$W/log"
}

@test "a container whose keeper died" {
	rootfs
	start victim learn
	kill -9 "$(container victim .keeper)"
	sleep 0.5
	finds warn containers "victim has lost its keeper"
}

@test "a state that cannot be read" {
	mkdir -p "$W/run/containers/0123456789abcdef"
	echo '{' >"$W/run/containers/0123456789abcdef/state.json"
	finds fail containers 0123456789abcdef
}

@test "profiles that are broken, lossy or suspect" {
	rootfs
	learn
	local p
	p=$(echo "$W"/profiles/default/server@*.json)
	cp "$p" "$W/good"
	echo '{' >"$p"
	finds fail profile "$p"
	jq '.contributors[0].lost = 5' "$W/good" >"$p"
	finds warn profile "never ready"
	jq '.state = "suspect"' "$W/good" >"$p"
	finds warn profile "is suspect"
}

@test "somebody's word for all containers" {
	th mode monitor --all
	finds warn mode "mode monitor for all"
	th mode default --all
	calm
}

@test "engines that name a thymus which is not there" {
	local engine file
	th setup docker --file "$ETC/docker/daemon.json"
	th setup containerd --file "$ETC/containerd/config.toml"
	th setup crio --file "$ETC/crio/crio.conf.d/60-thymus.conf"
	th setup podman --file "$ETC/containers/containers.conf.d/60-thymus.conf"
	calm
	while read -r engine file; do
		sed -i "s|\"$(realpath "$THYMUS")\"|\"/nowhere/thymus\"|" "$ETC/$file"
		finds fail "$engine" "/nowhere/thymus, which is not there"
		th setup "$engine" --remove --file "$ETC/$file"
		calm
	done <<-EOF
	docker docker/daemon.json
	containerd containerd/config.toml
	crio crio/crio.conf.d/60-thymus.conf
	podman containers/containers.conf.d/60-thymus.conf
	EOF
	echo '{ "default-runtime": "thymus" }' >"$ETC/docker/daemon.json"
	finds fail docker "does not say where it is"
	echo '{ "default-runtime": }' >"$ETC/docker/daemon.json"
	finds fail docker "not JSON"
}

@test "no hierarchy that can freeze" {
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m bash -c 'umount -lR /sys/fs/cgroup && exec "$0" --thymus-policy "$1" doctor --json --etc "$2"' \
		"$THYMUS" "$POLICY" "$ETC"
	[[ $output == *"no cgroup hierarchy that can freeze"* ]]
}
