#!/usr/bin/env bats
# bats file_tags=root
# Lives that are short or odd leave nothing behind: no process, no folder, no place in the kernel's table.

load root
load server

setup() {
	instance
	rootfs
}

teardown() { cleanup_instance; }

no_process() { ! pgrep -f "thymus-hook createRuntime --policy $POLICY" >/dev/null; }

nothing_left() {
	wait_for 40 no_monitor
	wait_for 40 no_process
	[ -z "$(ls "$W/run/containers")" ]
	not compgen -G "$BPF/*/link_*" # the programs leave the kernel with the last container
}

@test "containers that end at once teach, and leave nothing" {
	bundle short "$(profile_is short learn)" true
	local i
	for i in $(seq 20); do
		(cd "$W/short" && rt run "short$i" </dev/null >"$W/short/out" 2>&1 3>&-) || { cat "$W/short/out"; return 1; }
	done
	nothing_left
	[ "$(jq '.contributors | length' "$W"/profiles/default/short@*.json)" = 20 ]
	[ "$(jq '[.contributors[].lost] | add' "$W"/profiles/default/short@*.json)" = 0 ]
	bundle short "$(profile_is short enforce)" true
	for i in $(seq 20); do
		(cd "$W/short" && rt run "short$i" </dev/null >"$W/short/out" 2>&1 3>&-) || { cat "$W/short/out"; return 1; }
	done
	nothing_left
	[ "$(th incident ls --json)" = "[]" ]
}

@test "a container that is created and deleted without having started leaves nothing, and teaches nothing" {
	bundle never "$(profile_is never learn)" true
	(cd "$W/never" && rt create never </dev/null >"$W/never/out" 2>&1 3>&-)
	[ "$(container never .mode)" = learn ]
	rt delete -f never
	nothing_left
	not compgen -G "$W/profiles/default/never@*"
}

@test "a container of the same ID, created as soon as the first is gone, is watched from its start" {
	learn
	local i
	for i in $(seq 10); do
		start again enforce
		[ "$(container again .mode)" = enforce ]
		rm -f "$W/again/rootfs/tmp/proof-alive"
		rt delete -f again
	done
	start again enforce
	say again socket
	wait_for 5 stopped again
	rt delete -f again
	nothing_left
}

@test "a monitor that comes too late leaves: the container is not said to be watched, or does not start" {
	learn
	instance attach_timeout=1
	# what holds the monitor up
	touch "$W/hold"
	flock "$W/run/sensor.lock" sh -c "while [ -e $W/hold ]; do sleep .1; done" 3>&- &
	local lock=$!
	start late learn
	grep -q 'late.*not attached within 1 s' "$W/log/events.jsonl"
	bundle closed "$(profile_is server enforce)" /bin/server
	run rt create --bundle "$W/closed" closed </dev/null 3>&-
	[ "$status" -ne 0 ]
	[[ $output == *"not attached within 1 s"* ]]
	rm "$W/hold"
	wait $lock
	wait_for 20 no_process
	[ -z "$(container late .id)" ]
	rt delete -f late
	nothing_left
}

@test "a container that fails to start leaves nothing" {
	bundle broken "$(profile_is broken learn)" /bin/is-not-there
	run rt run --bundle "$W/broken" broken </dev/null 3>&-
	[ "$status" -ne 0 ]
	[[ $output == *is-not-there* ]]
	nothing_left
}

@test "a frozen container is ended by its engine's own words: kill, then delete" {
	learn
	attack socket socket
	rt kill victim KILL
	wait_for 5 gone victim
	rt delete victim
	rt delete -f off
	nothing_left
}

@test "more programs than fit make a profile that cannot be enforced, and says so" {
	bundle many "$(profile_is many learn)" /bin/sh -c \
		'i=0; while [ $i -lt 1100 ]; do ln /bin/touch-proof /tmp/p$i; /tmp/p$i /tmp/x; rm /tmp/p$i; i=$((i+1)); done'
	(cd "$W/many" && rt run many </dev/null >"$W/many/out" 2>&1 3>&-)
	nothing_left
	[ "$(jq '[.contributors[].lost] | add' "$W"/profiles/default/many@*.json)" -gt 0 ]
	bundle many "$(profile_is many enforce)" /bin/sh
	run rt create --bundle "$W/many" many </dev/null 3>&-
	[ "$status" -ne 0 ]
	[[ $output == *"lost events while it learned"*"thymus profile rm many"* ]]
}

@test "a container that is deleted is let go of, though another one is in its cgroup" {
	CHANGE='.linux.cgroupsPath = "/thymus-test/shared"'
	start other off plain
	bundle guest "$(profile_is guest learn)" /bin/sleep 100
	(cd "$W/guest" && rt create guest </dev/null >"$W/guest/out" 2>&1 3>&-)
	rt start guest
	rt delete -f guest || true # runc cannot remove the cgroup, and says so
	nothing_left
	[ "$(plain state other | jq -r .status)" = running ]
}

rings() { bpftool map dump pinned "$(echo "$BPF"/*/map_rings)" -j | jq length; } # slots that have their maps
rings_are() { [ "$(rings)" = "$1" ]; }
links_gone() { not compgen -G "$BPF/*/link_*"; }

@test "a slot lies ready for the next container, is taken by it, and another one is made; the last one stays, unattached" {
	local first ready
	bundle one "$(profile_is ready learn)" sleep 1000
	bundle two "$(profile_is ready learn)" sleep 1000
	rt create --bundle "$W/one" one </dev/null >"$W/out" 2>&1 3>&-
	wait_for 40 rings_are 2
	first=$(container one .slot)
	ready=$(bpftool map dump pinned "$(echo "$BPF"/*/map_rings)" -j | jq -r --argjson f "$first" '.[].key | map(ltrimstr("0x")) | reverse | join("") | select(test("^0*'"$(printf %x "$first")"'$") | not)')
	rt create --bundle "$W/two" two </dev/null >"$W/out" 2>&1 3>&-
	[ "$(container two .slot)" = $((16#$ready)) ]
	wait_for 40 rings_are 3
	rt delete -f one
	rt delete -f two
	wait_for 40 rings_are 1
	wait_for 40 links_gone
	nothing_left
}

@test "a slot whose owner was killed over it serves another container" {
	local keeper i
	bundle victim "$(profile_is ready learn)" sleep 1000
	rt create --bundle "$W/victim" victim </dev/null >"$W/out" 2>&1 3>&-
	keeper=$(container victim .keeper)
	kill -9 "$keeper" "$(container victim .monitor)" # likely while it prepares: 150 ms after the answer
	rt delete -f victim
	for i in 1 2 3; do
		bundle "after$i" "$(profile_is ready learn)" sleep 1000
		rt create --bundle "$W/after$i" "after$i" </dev/null >"$W/out" 2>&1 3>&-
		[ "$(container "after$i" .mode)" = learn ]
		rt delete -f "after$i"
	done
	wait_for 40 rings_are 1
	nothing_left
}

written() { [ "$(cat "$W"/run/containers/*/state.json | jq -r .mode | sort -u)" = "$1" ]; } # in all state.json

@test "a monitor that nothing happens to sleeps, and does what a person says at once" {
	local monitor before
	learn
	start calm enforce
	bundle idle "$(profile_is server enforce)" /bin/server # created, never started: it makes no call
	rt create --bundle "$W/idle" idle </dev/null >"$W/out" 2>&1 3>&-
	sleep 3 # now it looks every five seconds
	monitor=$(container idle .monitor)
	before=$(awk '/^voluntary/ { print $2 }' "/proc/$monitor/status")
	sleep 6
	[ "$(awk '/^voluntary/ { print $2 }' "/proc/$monitor/status")" -le $((before + 4)) ]
	th mode monitor --all
	wait_for 2 written monitor # that is less than five seconds even on a loaded machine
	[ "$(container calm .mode)" = monitor ]
}
