#!/usr/bin/env bats
# bats file_tags=root
# SPDX-License-Identifier: GPL-2.0-or-later
# thymus unload: the kernel as it was before the first container, and never under one that is watched.

load root
load server

setup() {
	instance
	rootfs
}
teardown() { cleanup_instance; }

pins() { find "$BPF" -type f 2>/dev/null | wc -l; }
ours_in_kernel() { # programs of the pinned sensors that are attached
	find "$BPF" -name 'link_*' 2>/dev/null | wc -l
}

@test "what a container needs stays, and is named; what none needs goes with all its pins" {
	start web learn
	[ "$(ours_in_kernel)" -gt 3 ]
	run th unload
	[ "$status" -eq 1 ]
	[[ $output == *"in use by web"* ]]
	[ "$(ours_in_kernel)" -gt 3 ]
	run th unload --dry-run --json
	[ "$status" -eq 1 ]
	[ "$(jq -r '.users[0].container' <<<"$output")" = web ]
	# still watched: what it does from now on is counted
	local calls
	calls=$(container web .calls)
	tell web harmless
	more() { [ "$(container web .calls)" -gt "$calls" ]; }
	wait_for 10 more
	rt kill web KILL
	wait_for 5 gone web
	rt delete -f web
	wait_for 5 no_monitor
	run th unload --dry-run
	[ "$status" -eq 0 ]
	[ "$(pins)" -gt 3 ]
	run th unload
	[ "$status" -eq 0 ]
	[[ $output == *"removed the sensor "* ]]
	[ ! -e "$BPF" ]
	run th unload
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to remove"* ]]
}

@test "a container of another instance, or whose state is lost, is known by its cgroup" {
	start web learn
	kill -KILL "$(container web .keeper)"
	mv "$W/run/containers" "$W/run/hidden"
	run th unload
	[ "$status" -eq 1 ]
	[[ $output == *"in use by "*"thymus-test/"*web* ]]
	mv "$W/run/hidden" "$W/run/containers"
}

@test "a killed keeper's place holds nothing once its container is gone" {
	start web learn
	kill -KILL "$(container web .keeper)"
	plain_kill() { kill -KILL "$(rt state web | jq .pid)"; }
	plain_kill
	wait_for 5 gone web
	# no poststop: as after a crash of the engine
	run th unload
	[ "$status" -eq 0 ]
	[ ! -e "$BPF" ]
}

@test "by force the monitors end first, and the containers run on" {
	start web learn
	local keeper
	keeper=$(container web .keeper)
	run th unload --force
	[ "$status" -eq 0 ]
	[ ! -e "$BPF" ]
	wait_for 5 eval "[ ! -e /proc/$keeper ] || [ \"\$(cut -d' ' -f3 /proc/$keeper/stat)\" = Z ]"
	say web harmless
	wait_for 5 eval "not test -e '$W/web/rootfs/tmp/command'"
	[ "$(rt state web | jq -r .status)" = running ]
	ls "$W"/profiles/default/server@*.json # what was learned was written
}

@test "a frozen container keeps its sensor, whatever force is used" {
	learn
	start victim enforce
	say victim "exec"
	wait_for 5 stopped victim
	run th unload --force
	[ "$status" -eq 1 ]
	[[ $output == *"victim, which is frozen"* ]]
	[ "$(ours_in_kernel)" -gt 3 ]
}

@test "a pid in a state file that is another process's by now gets no signal" {
	start web learn
	sleep 100 &
	local other=$!
	local file
	file=$(echo "$W"/run/containers/*/state.json)
	# the keeper would write it anew
	kill -STOP "$(container web .monitor)"
	jq --argjson pid $other '.monitor = $pid' "$file" >"$file.new"
	mv "$file.new" "$file"
	run th unload --force
	[ "$status" -eq 1 ]
	kill -0 $other
	kill -CONT "$(pgrep -P "$(container web .keeper)")"
	kill $other
}
