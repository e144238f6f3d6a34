#!/usr/bin/env bats
# bats file_tags=root
# Containers that run already: listed where nobody watches them, and watched from now on.

load root
load server

setup() {
	instance "runtime_roots=[\"$BATS_TEST_TMPDIR/plain\", \"$BATS_TEST_TMPDIR/crun\", \"$BATS_TEST_TMPDIR/made\"]"
	rootfs
}

teardown() { cleanup_instance; }

unwatched() { # ID FILTER
	th status --json | jq -r --arg id "$1" ".unwatched[] | select(.id==\$id) | $2"
}

start_plain() { # ID: a server that thymus knows nothing of
	bundle "$1" "$(profile_is server learn)" /bin/server
	mkfifo "$W/$1/in" 2>/dev/null || true
	(cd "$W/$1" && plain run -d "$1" <>"$W/$1/in" >"$W/$1/out" 2>&1 3>&-)
}

@test "status lists the containers that nobody watches, and no others" {
	[ "$(th status --json | jq '[.unwatched[] | select(.root | startswith("'"$W"'"))] | length')" = 0 ]
	start_plain bare
	start seen learn
	[ "$(unwatched bare .engine)" = policy ]
	[ "$(unwatched bare .pid)" = "$(jq .init_process_pid "$W/plain/bare/state.json")" ]
	[ -z "$(unwatched seen .id)" ]
	th status | grep -q "^bare.*not watched"
	# a folder that is no container, a container that ended, a file that anybody may write: none is one
	mkdir -p "$W/made/odd" "$W/made/gone" "$W/made/loose"
	echo '{"id":"odd"}' >"$W/made/odd/state.json"
	jq -c '.init_process_start += 1' "$W/plain/bare/state.json" >"$W/made/gone/state.json"
	jq -c . "$W/plain/bare/state.json" >"$W/made/loose/state.json"
	chmod 666 "$W/made/loose/state.json"
	[ -z "$(unwatched odd .id)$(unwatched gone .id)$(unwatched loose .id)" ]
	chmod 600 "$W/made/loose/state.json" # the control
	[ "$(unwatched loose .id)" = loose ]
	plain delete -f bare
	[ -z "$(unwatched bare .id)" ]
	instance "runtime_roots=[\"$W/none\", \"/proc/self/mem\"]"
	th status >/dev/null
}

@test "status is quick with 300 containers that nobody watches" {
	start_plain bare
	local i times=()
	for i in $(seq 300); do
		mkdir -p "$W/made/many$i"
		cp "$W/plain/bare/state.json" "$W/made/many$i/state.json"
	done
	[ "$(th status --json | jq '[.unwatched[] | select(.id | startswith("many"))] | length')" = 300 ]
	for i in $(seq 9); do
		local before=${EPOCHREALTIME/./}
		th status --json >"$W/out"
		times+=($((${EPOCHREALTIME/./} - before)))
	done
	local median
	median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n 5p)
	echo "median: $median us"
	((median < 200000)) # 10 ms on an idle machine; tests run on loaded ones
	plain delete -f bare
}

@test "a container whose keeper is dead does not read as healthy, nor is another process taken for its keeper" {
	start victim learn
	[ "$(container victim .healthy)" = true ]
	local state keeper monitor
	state=$(ls "$W"/run/containers/*/state.json)
	keeper=$(container victim .keeper)
	monitor=$(container victim .monitor)
	[ "$(container victim .keeper_start)" = "$(sed 's/.*) //' "/proc/$keeper/stat" | cut -d' ' -f20)" ]
	kill -KILL "$keeper"
	wait_for 5 eval '! kill -0 "$monitor" 2>/dev/null'
	[ "$(container victim .healthy)" = false ]
	[[ $(container victim .words) == "keeper dead"* ]]
	# the number is given out again: to this shell, say
	jq --argjson pid $$ '.keeper = $pid' "$state" >"$state.new" && mv "$state.new" "$state"
	[[ $(container victim .words) == "keeper dead"* ]]
	jq '.keeper_start = 0' "$state" >"$state.new" && mv "$state.new" "$state" # the control: known by number alone
	[ "$(container victim .healthy)" = true ]
}

@test "an entry that has not started, or runs where nobody looks, is said" {
	bundle victim "$(profile_is server learn)" /bin/server
	(cd "$W/victim" && rt create victim </dev/null >"$W/victim/out" 2>&1 3>&-)
	[[ $(container victim .words) == *"has not started"* ]]
	local state
	state=$(ls "$W"/run/containers/*/state.json)
	kill -STOP "$(container victim .monitor)" # it would write what it knows
	jq '.mntns = 1' "$state" >"$state.new" && mv "$state.new" "$state"
	[[ $(container victim .words) == "nobody judges it"* ]]
	[ "$(container victim .healthy)" = false ]
	kill -CONT "$(container victim .monitor)"
}
