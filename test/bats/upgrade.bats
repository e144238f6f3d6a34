#!/usr/bin/env bats
# bats file_tags=root
# takes: 4 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# Another version is put over the one that runs: nothing stops, and both sensors work side by side.

load root
load server

# A later version: another VERSION, and a sensor that differs in one constant, which is enough for pins of its own.
setup_file() {
	local top
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	LATER=$BATS_FILE_TMPDIR/later
	export LATER
	mkdir -p "$LATER"
	(cd "$top" && tar --exclude ./build --exclude ./.git -cf - . && tar -cf - build/plain) | tar -C "$LATER" -ixf -
	echo 'const volatile u32 of_a_later_version = 1;' >>"$LATER/shim/bpf/sensor.bpf.c"
	make -s -C "$LATER" VERSION=later all >"$LATER/log" 2>&1 3>&- || { cat "$LATER/log"; return 1; }
}

setup() {
	instance
	rootfs
	mkdir -p "$W/bin"
	put "$(dirname "$THYMUS")"
	THYMUS=$W/bin/thymus
}
teardown() { cleanup_instance; }

put() { # FOLDER: its programs over those that are there, as dpkg does
	local name
	for name in thymus thymus-hook; do
		cp "$1/$name" "$W/bin/$name.new"
		mv "$W/bin/$name.new" "$W/bin/$name"
	done
}
upgrade() {
	put "$LATER/build/plain"
	"$THYMUS" --version | grep -qx "thymus: later"
}

builds() { find "$BPF" -mindepth 1 -maxdepth 1 -type d | wc -l; }
keepers() { th status --json | jq -r '.containers[].keeper' | sort; }
all_live() { # PID...
	local pid
	for pid in "$@"; do [ -d "/proc/$pid" ] && [ "$(cut -d' ' -f3 "/proc/$pid/stat")" != Z ] || return 1; done
}
end() { # NAME...
	local name
	for name in "$@"; do
		rt kill "$name" KILL
		wait_for 10 gone "$name"
		rt delete -f "$name"
	done
}

side_by_side() { # HOW-MANY containers run while the version changes
	local i before
	for i in $(seq "$1"); do start "old$i" learn; done
	mapfile -t before < <(keepers)
	[ "${#before[@]}" = "$1" ]
	[ "$(builds)" = 1 ]
	upgrade
	all_live "${before[@]}"
	diff <(keepers) <(printf '%s\n' "${before[@]}")
	start new learn
	[ "$(builds)" = 2 ]
	[ "$(th status --json | jq '.containers | length')" = $(($1 + 1)) ]
	local old_calls new_calls
	old_calls=$(container "old$1" .calls) new_calls=$(container new .calls)
	tell "old$1" harmless
	tell new harmless
	counted() { [ "$(container "$1" .calls)" -gt "$2" ]; }
	wait_for 10 counted "old$1" "$old_calls"
	wait_for 10 counted new "$new_calls"
	# the older sensor is taken out once nobody uses it, the newer one is not
	run th unload
	[ "$status" -eq 1 ]
	[ "$(builds)" = 2 ]
	for i in $(seq "$1"); do end "old$i"; done
	wait_for 10 eval 'not all_live '"${before[0]}"
	run th unload
	[ "$status" -eq 1 ]
	[ "$(builds)" = 1 ]
	tell new harmless
	[ "$(container new .lost)" = 0 ]
	end new
}

@test "running containers are watched on, new ones by the new version" {
	side_by_side 4
}

# bats test_tags=slow
@test "fifty containers run while the version changes" {
	side_by_side 50
}

@test "what the older sensor stopped, the newer thymus releases; what it enforces, the newer switches off" {
	learn
	start victim enforce
	start other enforce
	upgrade
	say victim exec
	wait_for 10 stopped victim
	th release victim
	wait_for 5 eval '[ "$(container victim .action)" = "" ]'
	tell victim harmless # runs, and is not stopped again at its next call
	[ "$(container victim .action)" = "" ]
	th mode monitor other
	say other exec
	wait_for 5 proof other ran
	[ "$(container other .action)" = "" ]
	# the profile that the older one wrote is enforced by the newer
	start newer enforce
	say newer exec
	wait_for 10 stopped newer
}

@test "a bundle with the older version's hooks starts under the newer, with one of each" {
	start web learn
	cp "$W/web/config.json" "$W/stored"
	end web
	upgrade
	rm -f "$W/web/rootfs/tmp/proof-alive"
	(cd "$W/web" && rt create web </dev/null >"$W/web/out" 2>&1 3>&-)
	rt start web
	wait_for 5 test -e "$W/web/rootfs/tmp/proof-alive"
	[ "$(container web .mode)" = learn ]
	cmp "$W/web/config.json" "$W/stored"
	[ "$(jq '[.hooks[] | length] | unique' -c "$W/web/config.json")" = "[1]" ]
	# and where an engine gives it to the runtime without us, as a restart after a reboot may
	end web
	rm -f "$W/web/rootfs/tmp/proof-alive"
	(cd "$W/web" && runc --root "$W/rt" create web </dev/null >"$W/web/out" 2>&1 3>&-)
	runc --root "$W/rt" start web
	wait_for 5 test -e "$W/web/rootfs/tmp/proof-alive"
	[ "$(container web .mode)" = learn ]
}
