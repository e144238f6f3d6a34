#!/usr/bin/env bats
# bats file_tags=root,slow
# takes: 3 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# A machine that the sensor does not know: containers run as without thymus, but those that are to be enforced.

load root
load server

setup_file() { make -s -C "$BATS_TEST_DIRNAME/../.." NO_SENSOR=1 all >/dev/null; }
setup() {
	KNOWN=$THYMUS
	THYMUS=$BATS_TEST_DIRNAME/../../build/no-sensor/thymus
	instance
	rootfs
}
teardown() { cleanup_instance; }

@test "learn: it runs, and one recorded sentence says that nobody watches" {
	bundle web "$(profile_is web learn)" /bin/sleep 100
	(cd "$W/web" && rt run -d web </dev/null >"$W/web/out" 2>&1 3>&-)
	[ "$(rt state web | jq -r .status)" = running ]
	[ "$(grep -c "there is no sensor for this machine" "$W/log/events.jsonl")" = 1 ]
	[ ! -e "$BPF" ]
}

@test "enforce: what was learned elsewhere is not run unwatched; a sentence says why" {
	THYMUS=$KNOWN learn
	bundle web "$(profile_is server enforce)" /bin/server
	(cd "$W/web" && not rt run -d web </dev/null >"$W/web/out" 2>&1 3>&-)
	cat "$W/web/out"
	grep -q "there is no sensor for this machine: thymus watches on x86_64 and aarch64" "$W/web/out"
	run rt state web
	[ "$status" -ne 0 ]
}
