#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# thymus setup: what engines read, written with care.

load helpers

setup() {
	policy
	FILE=$BATS_TEST_TMPDIR/etc/config
}

@test "a dry run shows what would change, changes nothing, and ends with 1" {
	thymus setup docker --dry-run --file "$FILE"
	[ "$status" -eq 1 ]
	[[ $output == *"+"*'"thymus"'* ]]
	[ ! -e "$BATS_TEST_TMPDIR/etc" ]
}

@test "daemon.json keeps what it says; the first backup stays; a second time there is nothing to change" {
	mkdir -p "${FILE%/*}"
	printf '{\n    "debug": true,\n    "log-opts": { "max-size": "1m" }\n}\n' >"$FILE"
	chmod 640 "$FILE"
	cp "$FILE" "$BATS_TEST_TMPDIR/original"
	thymus setup docker --default --file "$FILE"
	[ "$status" -eq 0 ]
	[[ $output == *"systemctl reload docker"* ]]
	[ "$(jq -r '.debug, ."log-opts"."max-size", ."default-runtime"' "$FILE" | tr '\n' ' ')" = "true 1m thymus " ]
	[ "$(jq -r '.runtimes.thymus.path' "$FILE")" = "$(realpath "$THYMUS")" ]
	[ "$(jq -c '.runtimes.thymus.runtimeArgs' "$FILE")" = "[\"--thymus-policy\",\"$BATS_TEST_TMPDIR/policy.json\"]" ]
	[ "$(stat -c %a "$FILE")" = 640 ]
	cmp "$FILE.before-thymus" "$BATS_TEST_TMPDIR/original"
	thymus setup docker --default --file "$FILE"
	[[ $output == *"nothing to change"* ]]
	thymus setup docker --remove --file "$FILE"
	[ "$(jq -cS . "$FILE")" = "$(jq -cS . "$BATS_TEST_TMPDIR/original")" ]
	cmp "$FILE.before-thymus" "$BATS_TEST_TMPDIR/original"
}

@test "a file that is broken is left as it is, and named" {
	mkdir -p "${FILE%/*}"
	echo '{ "debug": true, }' >"$FILE"
	thymus setup docker --file "$FILE"
	[ "$status" -eq 2 ]
	[[ $stderr == *"$FILE"* ]]
	[ "$(cat "$FILE")" = '{ "debug": true, }' ]
	[ "$(ls "${FILE%/*}")" = config ]
}

@test "containerd reads what is written for it, in its file's own version" {
	type -P containerd || skip "containerd is not installed"
	mkdir -p "${FILE%/*}"
	containerd config default >"$FILE"
	cp "$FILE" "$BATS_TEST_TMPDIR/original"
	thymus setup containerd --default --file "$FILE"
	[ "$status" -eq 0 ]
	containerd -c "$FILE" config dump >"$BATS_TEST_TMPDIR/dump"
	grep -q "BinaryName = \"$(realpath "$THYMUS")\"" "$BATS_TEST_TMPDIR/dump"
	grep -q 'default_runtime_name = "thymus"' "$BATS_TEST_TMPDIR/dump"
	thymus setup containerd --remove --file "$FILE"
	cmp "$FILE" "$BATS_TEST_TMPDIR/original"
}

@test "a drop-in is a file of our own, which its removal removes" {
	local engine
	for engine in crio podman; do
		thymus setup "$engine" --file "$FILE"
		[ "$status" -eq 0 ]
		grep -q "$(realpath "$THYMUS")" "$FILE"
		[ "$(stat -c %a "$FILE")" = 644 ]
		thymus setup "$engine" --remove --file "$FILE"
		[ -z "$(ls "${FILE%/*}")" ]
	done
}

@test "an engine that is none is told, with those that are" {
	thymus setup lxc
	[ "$status" -eq 2 ]
	[[ $stderr == *"docker, containerd, crio, podman"* ]]
}
