#!/usr/bin/env bats
# bats file_tags=root
# SPDX-License-Identifier: GPL-2.0-or-later
# thymus doctor: each fault has its line with a remedy, and no other line; a healthy host has none.

load root
load server

setup() {
	instance
	ETC=$W/etc HOST=$W/host
	mkdir -p "$ETC"/{docker,containerd/conf.d,crio/crio.conf.d,containers/containers.conf.d,containers/oci/hooks.d}
	mkdir -p "$HOST"/proc/self/attr "$HOST"/proc/sys/{kernel,fs/fanotify} "$HOST"/sys/kernel/{btf,security}
	uname -r >"$HOST/proc/sys/kernel/osrelease"
	echo 128 >"$HOST/proc/sys/fs/fanotify/max_user_groups"
	touch "$HOST/sys/kernel/btf/vmlinux"
}

teardown() { cleanup_instance; }

doctor() { th doctor --json --etc "$ETC" --host "$HOST" 2>/dev/null; }

finds() { # LEVEL WHAT WORDS...: exactly that line, and it says what to do
	run doctor
	[ "$status" -eq 1 ] || { echo "found nothing of $*"; return 1; }
	echo "$output"
	[[ $(jq -r '"\(length) \(.[0].level) \(.[0].what) \(.[0].remedy != "") \(.[0].words)"' <<<"$output") == "1 $1 $2 true "*"$3"* ]]
}

calm() {
	run doctor
	echo "$output"
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
	[[ $(th doctor --etc "$ETC" --host "$HOST") == ok*"LSM in force: "* ]]
}

@test "this host has what it needs; --all says of each check that it is well" {
	run th doctor --all --json --etc "$ETC"
	[ "$(jq '[.[] | select(.level == "fail")] | length' <<<"$output")" = 0 ]
	[ "$(th doctor --all --json --etc "$ETC" --host "$HOST" | jq '[.[] | select(.level == "ok")] | length')" -ge 19 ]
	th doctor --all --etc "$ETC" --host "$HOST" | grep -q '^ok    runtime: '
}

@test "a policy that is broken, strange, another's, or lies where others write" {
	cp -p "$POLICY" "$W/good"
	echo '{' >"$POLICY"
	finds fail policy "$POLICY: not JSON"
	jq '.modus = "learn"' "$W/good" >"$POLICY"
	finds fail policy modus
	cp -p "$W/good" "$POLICY"
	chmod 666 "$POLICY"
	finds fail policy "can be written by others"
	chmod 600 "$POLICY"
	chown 12345 "$POLICY"
	finds fail policy "belongs to uid 12345"
	chown 0 "$POLICY"
	mkdir -m 777 "$W/open"
	cp -p "$POLICY" "$W/open/policy.json"
	POLICY=$W/open/policy.json finds fail policy "another policy there"
	calm
}

@test "a runtime that is missing, no program, thymus itself, too old, dumb, unknown, or anyone's" {
	local fake=$W/runtime
	instance 'delegate="/nowhere/runc"'
	finds fail runtime "/nowhere/runc is no program"
	instance "delegate=\"$fake\""
	touch "$fake"
	finds fail runtime "runtime is no program"
	printf '#!/bin/sh\necho "runc version 0.1.1"\n' >"$fake"
	chmod 755 "$fake"
	finds fail runtime "runc 0.1, which is too old"
	printf '#!/bin/sh\necho "crun version 1.8.1"\n' >"$fake"
	calm
	printf '#!/bin/sh\necho "cannot load library" >&2\nexit 127\n' >"$fake"
	finds fail runtime "does not answer --version: cannot load library"
	printf '#!/bin/sh\necho "youki version 0.3.0"\n' >"$fake"
	finds warn runtime "neither runc nor crun"
	printf '#!/bin/sh\necho "runc version 1.1.5"\n' >"$fake"
	chmod 777 "$fake"
	finds fail runtime "may be written by others"
	instance "delegate=\"$THYMUS\""
	finds fail runtime "is thymus itself"
}

@test "a hook that is missing, of another version, or anyone's" {
	mkdir "$W/bin"
	cp "$THYMUS" "$(dirname "$THYMUS")/thymus-hook" "$W/bin/"
	THYMUS=$W/bin/thymus
	calm
	chmod 777 "$W/bin/thymus-hook"
	finds fail hook "may be written by others"
	printf '#!/bin/sh\necho other\n' >"$W/bin/thymus-hook"
	chmod 755 "$W/bin/thymus-hook"
	finds fail hook "is of another version"
	rm "$W/bin/thymus-hook"
	[ ! -e /usr/libexec/thymus/thymus-hook ] || skip "thymus is installed"
	finds fail hook "thymus-hook is not there"
}

@test "a kernel that is too old, describes no types, or is locked down; unprivileged BPF is no matter" {
	echo 5.10.0-8-amd64 >"$HOST/proc/sys/kernel/osrelease"
	finds fail kernel "Linux 5.10.0-8-amd64 is too old"
	uname -r >"$HOST/proc/sys/kernel/osrelease"
	rm "$HOST/sys/kernel/btf/vmlinux"
	finds fail BTF "does not describe its types"
	touch "$HOST/sys/kernel/btf/vmlinux"
	echo 'none integrity [confidentiality]' >"$HOST/sys/kernel/security/lockdown"
	finds fail lockdown "locked down"
	echo 'none [integrity] confidentiality' >"$HOST/sys/kernel/security/lockdown"
	for bpf in 0 1 2; do
		echo $bpf >"$HOST/proc/sys/kernel/unprivileged_bpf_disabled"
		calm
	done
}

@test "AppArmor around thymus itself, and a limit of fanotify groups" {
	echo 'thymus (enforce)' >"$HOST/proc/self/attr/current"
	finds warn LSM "by the profile thymus (enforce)"
	echo unconfined >"$HOST/proc/self/attr/current"
	echo 8 >"$HOST/proc/sys/fs/fanotify/max_user_groups"
	finds warn gate "8 fanotify groups"
	echo 128 >"$HOST/proc/sys/fs/fanotify/max_user_groups"
	calm
}

@test "a folder of pins that the kernel would refuse, or that is on no bpffs" {
	instance 'folders={"bpf":"/sys/fs/bpf/thymus.test"}'
	finds fail sensor "a dot in names"
	instance "folders={\"bpf\":\"$W/pins\"}"
	finds fail sensor "$W/pins"
}

@test "the sensor of another version that no container needs" {
	calm
	mkdir "$BPF/0123456789ab"
	finds warn pins "0123456789ab is the sensor of another version"
	rmdir "$BPF/0123456789ab"
	calm
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

@test "folders that others may write or move, that are none, or another's" {
	local folder
	for folder in profiles incidents run log; do
		mkdir -p "$W/$folder"
		chmod 700 "$W/$folder"
		calm
		chmod 777 "$W/$folder"
		finds fail "$folder" "may be written by others"
		chmod 700 "$W/$folder"
		chown 12345 "$W/$folder"
		finds fail "$folder" "may be written by others"
		chown 0 "$W/$folder"
	done
	rmdir "$W/incidents"
	touch "$W/incidents"
	finds fail incidents "is no folder"
	rm "$W/incidents"
	mkdir -p "$W/above/log"
	chmod 777 "$W/above"
	instance "folders={\"log\":\"$W/above/log\"}"
	chmod 700 "$W/above/log"
	finds fail log "lies below $W/above"
	chmod 775 "$W/above"
	finds warn log "lies below $W/above"
	chmod 755 "$W/above"
	mkdir "$W/above/log/events.jsonl"
	finds fail log "events.jsonl is no file"
}

@test "folders without room, without files, and that cannot be written" {
	mkdir -p "$W/log"
	mount -t tmpfs -o size=60m,nr_inodes=2000,mode=700 thymus-test "$W/log"
	calm
	dd if=/dev/zero of="$W/log/full" bs=1M count=58 2>/dev/null
	finds warn log "little room left"
	dd if=/dev/zero of="$W/log/more" bs=1k count=1500 2>/dev/null
	finds fail log "$W/log is full"
	rm "$W/log/full" "$W/log/more"
	calm
	(cd "$W/log" && seq 1950 | xargs touch)
	finds warn log "few files left"
	(cd "$W/log" && touch x{1..60} 2>/dev/null) || true
	finds fail log "no more files can be made"
	find "$W/log" -type f -delete
	mount -o remount,ro "$W/log"
	finds fail log "read-only"
	umount "$W/log"
	calm
}

@test "a container whose keeper died, and what one left behind" {
	rootfs
	start victim learn
	kill -9 "$(container victim .keeper)"
	wait_for 30 finds warn containers "victim has lost its keeper"
	kill -9 "$(container victim .pid)"
	wait_for 30 finds warn containers "was left behind by container victim"
}

@test "a state that cannot be read, and hardly a place left" {
	local state=$W/run/containers/0123456789abcdef
	mkdir -p "$state"
	chmod 700 "$W/run"
	echo '{' >"$state/state.json"
	finds fail containers 0123456789abcdef
	jq -n '{ id: "x", root: "/r", keeper: 0, pid: 0 }' >"$state/state.json"
	calm
	mkdir "$W"/run/containers/0000000000000{001..470}
	tee "$W"/run/containers/0000000000000{001..470}/state.json <"$state/state.json" >/dev/null
	finds warn containers "471 containers are watched, and 512 is the most"
}

@test "profiles that are broken, cannot be promoted, are suspect, anyone's, or from the future" {
	rootfs
	learn
	local p
	p=$(echo "$W"/profiles/default/server@*.json)
	calm
	cp -p "$p" "$W/good"
	echo '{' >"$p"
	finds fail profile "$p"
	jq '.contributors[0].lost = 5' "$W/good" >"$p"
	finds warn profile "lost 5 events: this profile is never ready"
	jq '.contributors[0].late = true' "$W/good" >"$p"
	finds warn profile "was running before anyone watched"
	jq '.contributors[0].floor = 3' "$W/good" >"$p"
	finds warn profile "3 calls that no profile can teach"
	jq '.state = "suspect" | .why = "it looped"' "$W/good" >"$p"
	finds warn profile "is suspect: it is not enforced: it looped"
	cp -p "$W/good" "$p"
	chmod 666 "$p"
	finds fail profile "may be written by others"
	chmod 600 "$p"
	chmod 777 "$W/profiles/default"
	finds fail profiles "may be written by others"
	chmod 700 "$W/profiles/default"
	calm
	touch -d '+3 days' "$p"
	finds warn clock "more than a day from now"
	touch "$p"
	calm
}

@test "engines that name a thymus which is not there, is another program, or is named twice" {
	local engine file self
	self=$(realpath "$THYMUS")
	while read -r engine file; do
		th setup --no-verify "$engine" --etc "$ETC" >/dev/null
		calm
		sed -i "s|\"$self\"|\"/nowhere/thymus\"|" "$ETC/$file"
		finds fail "$engine" "/nowhere/thymus, which is not there"
		sed -i "s|\"/nowhere/thymus\"|\"/bin/true\"|" "$ETC/$file"
		finds warn "$engine" "is another program: /bin/true"
		sed -i "s|\"/bin/true\"|\"$self\"|" "$ETC/$file"
		chmod 666 "$ETC/$file"
		finds fail "$engine" "may be written by others"
		chmod 644 "$ETC/$file"
		case $engine in
		docker) ;;
		containerd) cp "$ETC/$file" "$ETC/containerd/conf.d/twice.toml" ;;
		*) cp "$ETC/$file" "$(dirname "$ETC/$file")/70-twice.conf" ;;
		esac
		[ "$engine" = docker ] || finds fail "$engine" "name the handler thymus 2 times"
		rm -f "$ETC/containerd/conf.d/twice.toml" "$ETC"/*/*/70-twice.conf
		th setup --no-verify "$engine" --remove --etc "$ETC" >/dev/null
		calm
	done <<-EOF
	docker docker/daemon.json
	containerd containerd/config.toml
	crio crio/crio.conf.d/60-thymus.conf
	podman containers/containers.conf.d/60-thymus.conf
	EOF
}

@test "engines that want thymus and do not say where it is, or whose files are broken" {
	echo '{ "default-runtime": "thymus" }' >"$ETC/docker/daemon.json"
	finds fail docker "does not say where it is"
	echo '{ "default-runtime": }' >"$ETC/docker/daemon.json"
	finds fail docker "not JSON"
	jq -n --arg self "$THYMUS" '{ runtimes: { thymus: { path: $self, runtimeArgs: ["--thymus-policy", "/nowhere.json"] } } }' >"$ETC/docker/daemon.json"
	finds fail docker "the policy /nowhere.json, which is not there"
	rm "$ETC/docker/daemon.json"
	printf 'version = 2\n[plugins.x\n' >"$ETC/containerd/config.toml"
	finds fail containerd "config.toml: line 2:11"
	printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd]\ndefault_runtime_name = "thymus"\n' >"$ETC/containerd/config.toml"
	finds fail containerd "does not say where it is"
	rm "$ETC/containerd/config.toml"
	printf '[crio.runtime]\ndefault_runtime = "thymus"\n' >"$ETC/crio/crio.conf"
	finds fail crio "does not say where it is"
	rm "$ETC/crio/crio.conf"
	printf '[engine]\nruntime = "thymus"\n' >"$ETC/containers/containers.conf"
	finds fail podman "does not say where it is"
	rm "$ETC/containers/containers.conf"
	calm
}

@test "hooks.d: a hook that is not there, one that nobody reads, one that is missing, one that is broken" {
	local hooks=$ETC/containers/oci/hooks.d
	th setup --no-verify podman --hooks --etc "$ETC" >/dev/null
	calm
	sed -i 's|"path": ".*/thymus-hook"|"path": "/nowhere/thymus-hook"|' "$hooks/60-thymus-poststop.json"
	finds fail hooks.d "/nowhere/thymus-hook, which is not there"
	echo '{ "thymus-hook" }' >"$hooks/60-thymus-poststop.json"
	finds fail hooks.d "60-thymus-poststop.json: not JSON"
	rm "$hooks/60-thymus-poststop.json"
	finds fail hooks.d "a hook of thymus is not there"
	th setup --no-verify podman --hooks --etc "$ETC" >/dev/null
	chmod 666 "$hooks/60-thymus-poststop.json"
	finds fail hooks.d "may be written by others"
	chmod 644 "$hooks/60-thymus-poststop.json"
	rm "$ETC/containers/containers.conf.d/60-thymus-hooks.conf"
	finds warn hooks.d "no engine is told to read it"
}

@test "no hierarchy that can freeze" {
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m bash -c 'umount -lR /sys/fs/cgroup && exec "$0" --thymus-policy "$1" doctor --json --etc "$2" --host "$3"' \
		"$THYMUS" "$POLICY" "$ETC" "$HOST"
	[[ $output == *"no cgroup hierarchy that can freeze"* ]]
}
