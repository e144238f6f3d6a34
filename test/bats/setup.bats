#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# thymus setup: what engines read, written with care.
# takes: 2 minutes

load helpers

setup() {
	policy
	FILE=$BATS_TEST_TMPDIR/etc/config
	ETC=$BATS_TEST_TMPDIR/etc
	SELF=$(realpath "$THYMUS")
}

teardown() { # of the test that runs podman's containers
	mountpoint -q "$BATS_TEST_TMPDIR" || return 0
	pod --runtime runc rm -f -t 0 web || true
	thymus unload --force
	umount -l "$BATS_TEST_TMPDIR"
}

pod() {
	podman --root "$BATS_TEST_TMPDIR/root" --runroot "$BATS_TEST_TMPDIR/runroot" --tmpdir "$BATS_TEST_TMPDIR/tmp" \
		--cgroup-manager cgroupfs --events-backend file "$@"
}

# An engine that answers what the test wants, and says what it was asked.
engine() { # NAME SHELL-TEXT
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho "$0 $*" >>%s/asked\n%s\n' "$BATS_TEST_TMPDIR" "$2" >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

write() { # TEXT: the engine's file
	mkdir -p "${FILE%/*}"
	printf '%s\n' "$1" >"$FILE"
	cp "$FILE" "$BATS_TEST_TMPDIR/original"
}

unchanged() { # nothing beside it neither
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
	[ "$(ls "${FILE%/*}")" = config ]
}

@test "a dry run shows what would change, changes nothing, and ends with 1" {
	thymus setup docker --dry-run --file "$FILE"
	[ "$status" -eq 1 ]
	[[ $output == *"+"*'"thymus"'* ]]
	[ ! -e "$ETC" ]
}

@test "--print says what the file would be, changes nothing, and ends with 1" {
	write '{ "debug": true }'
	thymus setup docker --print --file "$FILE"
	[ "$status" -eq 1 ]
	[ "$(jq -r '.debug, .runtimes.thymus.path' <<<"$output" | tr '\n' ' ')" = "true $SELF " ]
	unchanged
	thymus setup podman --hooks --print --etc "$ETC"
	[[ $output == *"==> $ETC/containers/oci/hooks.d/60-thymus-poststop.json <=="* ]]
	unchanged
}

@test "daemon.json keeps what it says; the first backup stays; a second time there is nothing to change" {
	write '{
    "debug": true,
    "log-opts": { "max-size": "1m" }
}'
	chmod 640 "$FILE"
	thymus setup docker --default --file "$FILE" --no-verify
	[ "$status" -eq 0 ]
	[[ $output == *"systemctl reload docker"* ]]
	[ "$(jq -r '.debug, ."log-opts"."max-size", ."default-runtime"' "$FILE" | tr '\n' ' ')" = "true 1m thymus " ]
	[ "$(jq -r '.runtimes.thymus.path' "$FILE")" = "$SELF" ]
	[ "$(jq -c '.runtimes.thymus.runtimeArgs' "$FILE")" = "[\"--thymus-policy\",\"$BATS_TEST_TMPDIR/policy.json\"]" ]
	[ "$(stat -c %a "$FILE")" = 640 ]
	cmp "$FILE.before-thymus" "$BATS_TEST_TMPDIR/original"
	thymus setup docker --default --file "$FILE" --no-verify
	[[ $output == *"nothing to change"* ]]
	thymus setup docker --remove --file "$FILE" --no-verify
	[ "$(jq -cS . "$FILE")" = "$(jq -cS . "$BATS_TEST_TMPDIR/original")" ]
	cmp "$FILE.before-thymus" "$BATS_TEST_TMPDIR/original"
}

@test "what others have written since survives the removal" {
	write '{ "default-runtime": "kata", "runtimes": { "kata": { "path": "/k" } } }'
	thymus setup docker --default --file "$FILE" --no-verify
	[ "$(jq -r '."default-runtime"' "$FILE")" = thymus ]
	jq '.debug = true' "$FILE" >"$FILE.new"
	mv "$FILE.new" "$FILE"
	thymus setup docker --remove --file "$FILE" --no-verify
	[ "$(jq -cS . "$FILE")" = '{"debug":true,"default-runtime":"kata","runtimes":{"kata":{"path":"/k"}}}' ]
	rm -r "$ETC"
	thymus setup podman --etc "$ETC" --no-verify
	printf '[network]\nnetwork_backend = "cni"\n' >>"$ETC/containers/containers.conf.d/60-thymus.conf"
	thymus setup podman --remove --etc "$ETC" --no-verify
	[ "$status" -eq 0 ]
	[ "$(cat "$ETC/containers/containers.conf.d/60-thymus.conf")" = "$(printf '[network]\nnetwork_backend = "cni"')" ]
}

@test "a file that is broken is left as it is, and named with line and column" {
	write '{ "debug": true, }'
	thymus setup docker --file "$FILE"
	[ "$status" -eq 2 ]
	[[ $stderr == *"$FILE"*"line 1:18"* ]]
	unchanged
	write 'version = 2
[plugins'
	thymus setup containerd --file "$FILE"
	[ "$status" -eq 2 ]
	[[ $stderr == *"$FILE: line 2:9: "* ]]
	unchanged
}

@test "a symbolic link is not written through" {
	write '{}'
	ln -s config "$ETC/link"
	thymus setup docker --file "$ETC/link"
	[ "$status" -eq 2 ]
	[[ $stderr == *"$ETC/link is a symbolic link to config"* ]]
	[ -L "$ETC/link" ]
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
}

# bats test_tags=root
@test "a file of another owner, or in a place that cannot be written, is left" {
	write '{}'
	chown 12345 "$FILE"
	thymus setup docker --file "$FILE"
	[ "$status" -eq 2 ]
	[[ $stderr == *"belongs to uid 12345"*"chown root"* ]]
	unchanged
	chown 0 "$FILE"
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m bash -c 'mount --bind "$2" "$2" && mount -o remount,ro,bind "$2" && exec "$0" --thymus-policy "$1" setup docker --file "$2/config"' \
		"$THYMUS" "$BATS_TEST_TMPDIR/policy.json" "$ETC"
	[ "$status" -eq 2 ]
	[[ $output == *"$FILE cannot be written: Read-only file system"* ]]
	unchanged
}

@test "containerd reads what is written for it, in its file's own version" {
	type -P containerd || skip "containerd is not installed"
	mkdir -p "$ETC"
	containerd config default >"$FILE"
	cp "$FILE" "$BATS_TEST_TMPDIR/original"
	thymus setup containerd --default --file "$FILE" --no-verify
	[ "$status" -eq 0 ]
	containerd -c "$FILE" config dump >"$BATS_TEST_TMPDIR/dump"
	grep -q "BinaryName = [\"']$SELF[\"']" "$BATS_TEST_TMPDIR/dump"
	grep -q "default_runtime_name = [\"']thymus[\"']" "$BATS_TEST_TMPDIR/dump"
	[ "$(grep -c '^-' <<<"$output")" = 1 ] # the default's line
	thymus setup containerd --remove --file "$FILE" --no-verify
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
}

@test "what containerd 2 imports gets a drop-in, and the file stays as it is" {
	write "version = 3
imports = ['conf.d/*.toml']"
	thymus setup containerd --file "$FILE" --no-verify
	[ "$status" -eq 0 ]
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
	grep -q "BinaryName = \"$SELF\"" "$ETC/conf.d/60-thymus.toml"
	thymus setup containerd --file "$FILE" --no-verify
	[ "$(grep -c "nothing to change" <<<"$output")" = 2 ]
	thymus setup containerd --remove --file "$FILE" --no-verify
	[ ! -e "$ETC/conf.d/60-thymus.toml" ]
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
}

@test "a drop-in is a file of our own, which its removal removes" {
	local engine
	for engine in crio podman; do
		thymus setup "$engine" --file "$FILE" --no-verify
		[ "$status" -eq 0 ]
		grep -q "$SELF" "$FILE"
		[ "$(stat -c %a "$FILE")" = 644 ]
		thymus setup "$engine" --remove --file "$FILE" --no-verify
		[ -z "$(ls "${FILE%/*}")" ]
	done
}

@test "--hooks: the engine keeps its runtime and reads our hook; folders of others stay; two engines share it" {
	local engine hooks=$ETC/containers/oci/hooks.d
	mkdir -p "$ETC/containers" "$ETC/crio"
	printf '[engine]\nhooks_dir = ["/others"]\n' >"$ETC/containers/containers.conf"
	printf '[crio.runtime.runtimes.runc]\nallowed_annotations = ["io.kubernetes.cri-o.Devices"]\n' >"$ETC/crio/crio.conf"
	for engine in podman crio; do
		thymus setup "$engine" --hooks --etc "$ETC" --no-verify
		[ "$status" -eq 0 ]
	done
	grep -qx "hooks_dir = \[\"/others\", \"$hooks\"\]" "$ETC/containers/containers.conf.d/60-thymus-hooks.conf"
	[ ! -e "$ETC/containers/containers.conf.d/60-thymus.conf" ]
	[ "$(jq -r '.hook.path, .stages[0], .hook.args[1]' "$hooks/60-thymus-createRuntime.json" | tr '\n' ' ')" = \
		"$(dirname "$SELF")/thymus-hook createRuntime createRuntime " ]
	thymus setup crio --etc "$ETC" --no-verify
	grep -q '^allowed_annotations = \["io.kubernetes.cri-o.Devices"\]' "$ETC/crio/crio.conf.d/60-thymus.conf"
	thymus setup crio --remove --etc "$ETC" --no-verify
	[ -z "$(ls "$ETC/crio/crio.conf.d")" ]
	[ "$(ls "$hooks" | wc -l)" = 2 ]
	thymus setup podman --remove --etc "$ETC" --no-verify
	[ -z "$(ls "$hooks" "$ETC/containers/containers.conf.d" | grep thymus)" ]
	thymus setup docker --hooks --etc "$ETC"
	[ "$status" -eq 2 ]
	[[ $stderr == *"Docker hands no hooks"* ]]
}

# bats test_tags=root
@test "the engine is asked about a copy first; what it refuses does not take the file's place" {
	write '{ "debug": true }'
	engine dockerd 'echo "unable to configure: bad thing" >&2; exit 1'
	thymus setup docker --file "$FILE"
	[ "$status" -eq 2 ]
	[[ $stderr == *"nothing was changed"*"dockerd refuses it: unable to configure: bad thing"* ]]
	unchanged
	grep -q -- "--validate --config-file $FILE.thymus-trial" "$BATS_TEST_TMPDIR/asked"
	thymus setup docker --file "$FILE" --no-verify
	[ "$status" -eq 0 ]
	[[ $output == *"not verified"* ]]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/asked")" = 1 ]
}

# bats test_tags=root
@test "a dockerd that can be asked accepts what is written, and its refusal is heard" {
	write '{ "log-driver": "json-file" }'
	thymus setup docker --default --file "$FILE"
	[ "$status" -eq 0 ]
	if ! dockerd --help 2>&1 | grep -q -- --validate; then
		[[ $output == *"too old to be asked"* ]]
		return
	fi
	[[ $output == *"dockerd accepts it"* ]]
	write '{ "no-such-word": true }'
	rm -f "$FILE.before-thymus"
	thymus setup docker --file "$FILE"
	[ "$status" -eq 2 ]
	[[ $stderr == *"dockerd refuses it"*no-such-word* ]]
	unchanged
}

# bats test_tags=root
@test "an engine too old to be asked, or none, is no reason against it" {
	write '{}'
	engine dockerd 'echo "unknown flag: --validate" >&2; exit 125'
	thymus setup docker --file "$FILE"
	[ "$status" -eq 0 ]
	[[ $output == *"too old to be asked"*"a trial container ran by thymus"* ]]
	[ -z "$(find "$BATS_TEST_TMPDIR/run" -name 'trial-*')" ]
}

# bats test_tags=root
@test "an import of containerd 1 that hides what was written is noticed" {
	type -P containerd || skip "containerd is not installed"
	containerd --version | grep -q ' 1\.' || skip "containerd 2 adds what it imports"
	write 'version = 2
imports = ["'"$BATS_TEST_TMPDIR"'/conf.d/*.toml"]'
	mkdir "$BATS_TEST_TMPDIR/conf.d"
	thymus setup containerd --file "$FILE"
	[ "$status" -eq 0 ]
	[[ $output == *"containerd accepts it"* ]]
	thymus setup containerd --remove --file "$FILE"
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
	printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "x"\n' >"$BATS_TEST_TMPDIR/conf.d/other.toml"
	thymus setup containerd --file "$FILE"
	[ "$status" -eq 2 ]
	[[ $stderr == *"does not come to know thymus"* ]]
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
}

# bats test_tags=root
@test "where no container can be run, the old file is back, and it says whose fault it is" {
	write '{}'
	engine dockerd true
	printf '#!/bin/sh\ncase " $* " in *" run "*) echo "no such thing here" >&2; exit 1 ;; esac\n' >"$BATS_TEST_TMPDIR/broken"
	chmod +x "$BATS_TEST_TMPDIR/broken"
	policy ".delegate = \"$BATS_TEST_TMPDIR/broken\""
	thymus setup docker --file "$FILE"
	[ "$status" -eq 2 ]
	[[ $stderr == *"nothing was changed: neither thymus nor the runtime behind it can run a trial container here: no such thing here"* ]]
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
	# a runtime that fails where our hook is named
	# shellcheck disable=SC2016 # for the runtime
	printf '#!/bin/sh\nfor bundle; do [ ! -f "$bundle/config.json" ] || ! grep -q thymus-hook "$bundle/config.json" || { echo "bad hook" >&2; exit 1; }; done\n' \
		>"$BATS_TEST_TMPDIR/broken"
	thymus setup docker --file "$FILE"
	[ "$status" -eq 2 ]
	[[ $stderr == *"can run a trial container here, and thymus cannot: bad hook"* ]]
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
	[ -z "$(find "$BATS_TEST_TMPDIR/run" -name 'trial-*')" ]
}

# bats test_tags=root
@test "a real container is tried, watched, and leaves nothing" {
	engine dockerd true
	policy "del(.delegate) | .folders.bpf = \"/sys/fs/bpf/thymus-setup-$$\" | .mode = \"learn\""
	thymus setup docker --file "$FILE"
	[ "$status" -eq 0 ]
	[[ $output == *"a trial container ran by thymus"* && $output != *"not watched"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/profiles" ]
	[ -z "$(find "$BATS_TEST_TMPDIR/run" -name 'trial-*')" ]
	[ -z "$(ls "$BATS_TEST_TMPDIR/run/containers")" ]
	for _ in $(seq 300); do # its place is given back a moment later
		thymus unload
		[ "$status" -ne 0 ] || break
		sleep 0.1
	done
	[ "$status" -eq 0 ]
}

# bats test_tags=root,slow
@test "podman accepts our drop-ins, knows the runtime, and a broken one is refused" {
	type -P podman || skip "podman is not installed"
	policy "del(.delegate) | .folders.bpf = \"/sys/fs/bpf/thymus-setup-$$\""
	thymus setup podman --etc "$ETC"
	[ "$status" -eq 0 ]
	[[ $output == *"podman accepts it"* ]]
	thymus setup podman --hooks --etc "$ETC"
	[ "$status" -eq 0 ]
	[[ $output == *"podman accepts it"* ]]
	CONTAINERS_CONF=$ETC/containers/containers.conf.d/60-thymus.conf podman --runtime thymus info --format '{{.Host.OCIRuntime.Path}}' >"$BATS_TEST_TMPDIR/out"
	grep -qx "$SELF" "$BATS_TEST_TMPDIR/out"
	# what podman cannot take, though it is TOML
	printf '[engine]\nnum_locks = "many"\n' >>"$ETC/containers/containers.conf.d/60-thymus-hooks.conf"
	thymus setup podman --remove --hooks --etc "$ETC"
	[ "$status" -eq 2 ]
	[[ $stderr == *"podman refuses it"* ]]
	thymus unload
}

# bats test_tags=root,slow
@test "podman calls our hook, and runs by thymus, by what was written for it" {
	type -P podman || skip "podman is not installed"
	local W=$BATS_TEST_TMPDIR conf=$ETC/containers/containers.conf.d how
	mount -t tmpfs -o mode=755 thymus-test "$W"
	policy "del(.delegate) | .folders.bpf = \"/sys/fs/bpf/thymus-setup-$$\" | .mode = \"learn\""
	mkdir -p "$W/rootfs"/{bin,proc,sys,dev,tmp,etc,run}
	cp /bin/busybox "$W/rootfs/bin/busybox"
	web() { pod "$@" run -d --name web --network none --ulimit nofile=1024 --ulimit nproc=1024 --rootfs "$W/rootfs" /bin/busybox sleep 600; }
	watched() { "$THYMUS" --thymus-policy "$W/policy.json" status --json | jq '.containers | length'; }
	thymus setup podman --hooks --etc "$ETC"
	[ "$status" -eq 0 ]
	thymus setup podman --etc "$ETC"
	[ "$status" -eq 0 ]
	mv "$conf/60-thymus.conf" "$W/runtime.conf"
	# thymus with another policy than the host's needs a script in its place
	printf '#!/bin/sh\nexec "%s" --thymus-policy "%s" "$@"\n' "$SELF" "$W/policy.json" >"$W/script"
	chmod +x "$W/script"
	sed -i "s|\"$SELF\"|\"$W/script\"|" "$W/runtime.conf"
	for how in none hooks runtime; do
		unset CONTAINERS_CONF
		[ $how != hooks ] || export CONTAINERS_CONF=$conf/60-thymus-hooks.conf
		[ $how != runtime ] || export CONTAINERS_CONF=$W/runtime.conf
		web --runtime "$([ $how = runtime ] && echo thymus || echo runc)"
		[ "$(watched)" = "$([ $how = none ] && echo 0 || echo 1)" ]
		pod --runtime "$([ $how = runtime ] && echo thymus || echo runc)" rm -f -t 0 web
	done
}

@test "an engine that is none is told, with those that are" {
	thymus setup lxc
	[ "$status" -eq 2 ]
	[[ $stderr == *"docker, containerd, crio, podman"* ]]
}
