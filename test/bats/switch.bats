#!/usr/bin/env bats
# bats file_tags=root
# SPDX-License-Identifier: GPL-2.0-or-later
# thymus mode: the operator's switch.  It works when everything else is broken, and says who turned it.

load root
load server

setup() { instance; }

teardown() {
	umount -l "$W/profiles" 2>/dev/null || true
	cleanup_instance
}

said() { th status --json | jq -r "$1"; } # a jq filter
mode_is() { [ "$(container "$1" .mode)" = "$2" ]; }
reboot() { rm -rf "$W/run"; } # of thymus' folders, the one on a tmpfs

@test "status begins with who said it, when, and until when" {
	SUDO_USER=alice th mode monitor --all --for 2h
	run th status
	echo "$output"
	[[ ${lines[0]} == "MODE monitor for all, said by root (sudo: alice) at 2"*" UTC, "*" s ago, until 2"*" UTC" ]]
	th mode default --all
	run th status
	[[ $output != *MODE* ]]
	env -u SUDO_USER "$THYMUS" --thymus-policy "$POLICY" mode off --all
	[[ $(th status) == "MODE off for all, said by root"*" ago, until thymus mode default"$'\n'* ]]
	[ "$(said '.said[0] | .kind + " " + (.uid|tostring) + " " + (.timed|tostring)')" = "all 0 false" ]
}

@test "what is said survives a reboot, unless it was said for a while" {
	th mode monitor --all
	th mode off --all --for 1h
	[ "$(said '[.said[].mode] | join(" ")')" = "off monitor" ]
	reboot
	[ "$(said '[.said[].mode] | join(" ")')" = monitor ]
	[ "$(stat -c %a "$W/profiles/mode.json")" = 600 ]
	th mode default --all
	reboot
	[ "$(said '.said | length')" = 0 ]
}

@test "a container that starts after a reboot hears what was said before it" {
	rootfs
	learn
	th mode monitor server
	[ "$(ls "$W/run/mode.json")" ]
	reboot
	start victim enforce
	wait_for 5 mode_is victim monitor
	say victim exec
	wait_for 5 proof victim ran
	[ "$(container victim .action)" = "" ]
	# the control: with what was said gone, it would have been stopped
	th mode default server
	rt delete -f victim
	reboot
	start again enforce
	say again exec
	wait_for 5 stopped again
}

@test "a running container: at once, with a broken policy, a corrupt file and a full disk" {
	rootfs
	learn
	start victim enforce
	start other enforce
	mount -t tmpfs -o size=4k,mode=700 thymus-test "$W/profiles"
	echo full >"$W/profiles/full"
	echo '{ "folders": { "run": "'"$W/run"'", "profiles": "'"$W/profiles"'", "bpf": "'"$BPF"'", "log": "'"$W/log"'" }, "mode": "enfroce" }' >"$POLICY"
	echo 'no JSON' >"$W/run/mode.json"
	run th mode monitor --all
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'"enfroce" is unknown'*"going on with the built-in policy and the folders"* ]]
	[[ $output == *"victim: monitor"* && $output == *"other: monitor"* ]]
	[[ $output == *"does not survive a reboot"*"No space left"* ]]
	[[ $output == *"forgotten and put aside as mode.json.unreadable"*"not JSON"* ]]
	[ "$(cat "$W/run/mode.json.unreadable")" = "no JSON" ]
	say victim exec
	say other exec
	wait_for 5 proof victim ran
	wait_for 5 proof other ran
}

@test "a read-only /var: it is in force, and says that it will not survive a reboot" {
	mkdir -p "$W/profiles"
	mount -t tmpfs -o mode=700 thymus-test "$W/profiles"
	th mode enforce --all
	mount -o remount,ro "$W/profiles"
	run th mode monitor --all
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"does not survive a reboot, after which counts what was said before: "*"Read-only"* ]]
	[ "$(th mode monitor --all --json | jq .kept)" = false ]
	[ "$(said '.said[0].mode')" = monitor ]
	reboot
	[ "$(said '.said[0].mode')" = enforce ]
	run th mode default --all
	[[ $output == *"after which counts what was said before"* ]]
}

@test "for a while: it ends by itself, in the running container too" {
	rootfs
	learn
	start victim enforce
	th mode monitor --all --for 3s
	wait_for 2 mode_is victim monitor
	wait_for 10 mode_is victim enforce
	[ "$(said '.said | length')" = 0 ]
	say victim exec
	wait_for 5 stopped victim
}

@test "one container: it alone, by its ID, also when it is started again" {
	rootfs
	learn
	start victim enforce
	start other enforce
	run th mode monitor victim
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == "victim: monitor"*"victim: monitor until thymus mode default" ]]
	wait_for 2 mode_is victim monitor
	mode_is other enforce
	[ "$(said '.said[0] | .kind + " " + .target')" = "container victim" ]
	say victim exec
	wait_for 5 proof victim ran
	rt delete -f victim
	# shellcheck disable=SC2016 # eval reads it
	wait_for 5 eval '[ "$(container victim .id)" = "" ]'
	rm "$W/run/mode.json" # what a reboot takes
	umount "$W/victim/rootfs"
	rm -r "$W/victim"
	start victim enforce
	wait_for 5 mode_is victim monitor
	run th mode default victim
	echo "$output"
	[[ $output == "victim: enforce"* ]]
	wait_for 5 mode_is victim enforce
	say other exec
	wait_for 5 stopped other
}

@test "a workload of one scope: SCOPE/NAME; a name that two scopes have is refused" {
	instance 'rules=[{"bundle": "*/blue*", "tenant": "blue"}, {"bundle": "*/red*", "tenant": "red"}]'
	rootfs
	start blue learn
	run th mode off server # one scope has it
	[[ $output == "blue: off"*"server: off until thymus mode default, for containers to come too" ]]
	th mode default server
	start red learn
	run th mode monitor server
	echo "$output"
	[ "$status" -eq 2 ]
	[[ $output == *"a workload server in the scopes "*" and "*": say "*"/server or the other"* ]]
	[ "$(said '.said | length')" = 0 ]
	run th mode off red/server
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == "red: off"*"red/server: off until thymus mode default, for containers to come too" ]]
	wait_for 30 mode_is red off
	mode_is blue learn
	[ "$(said '.said[0] | .kind + " " + .target')" = "name red/server" ]
	[ "$(th explain red --json | jq -r .mode.said.for)" = name ]
	start red2 learn
	[ "$(container red2 .mode)" = "" ] # nobody watches it
	start blue2 learn # the control
	mode_is blue2 learn
	run th mode monitor red/nobody
	[ "$status" -eq 2 ]
	th mode default red/server
	[ "$(said '.said | length')" = 0 ]
	wait_for 30 mode_is red learn
}

@test "what was said for all outweighs, and that is said" {
	rootfs
	learn
	start victim enforce
	th mode monitor --all
	run th mode enforce server
	echo "$output"
	[[ $output == "victim: monitor"*"but what was said for all outweighs it: monitor"* ]]
	wait_for 2 mode_is victim monitor
	run th mode default --all
	[[ $output == "victim: enforce"*"nothing is said any more; for containers to come it is learn"* ]]
}

@test "a file that is not understood says nothing, aloud: the policy is in force" {
	local bad
	mkdir -p "$W/run" "$W/profiles"
	rootfs
	learn
	for bad in '{' '[]' '{"all":{"mode":"offf"}}' '{"all":"off"}' '{"timed":{"all":{"mode":"off"}}}'; do
		echo "$bad" >"$W/run/mode.json"
		run th status
		echo "$output"
		[[ ${lines[0]} == "what was said with thymus mode is not understood, and what the policy says counts: $W/run/mode.json"* ]]
	done
	start victim enforce
	grep -q '/mode.json' "$W/log/events.jsonl"
	echo '{"all":{"mode":"off"}}' >"$W/run/mode.json"
	chmod 666 "$W/run/mode.json"
	[[ $(th status) == *"may be written by others"* ]]
	say victim exec
	wait_for 5 stopped victim
}

@test "where the file in the run folder is broken, what was kept is in force" {
	th mode monitor --all
	echo '{' >"$W/run/mode.json"
	[ "$(said '.said[0].mode')" = monitor ]
	[[ $(said .said_unreadable) == *run/mode.json* ]]
	th mode off nobody 2>/dev/null || true
	th mode off --all
	[ "$(said '.said[0].mode + .said_unreadable')" = off ]
}
