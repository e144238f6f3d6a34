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
		times+=("$( (TIMEFORMAT='%3U %3S'; time th status --json >"$W/out") 2>&1 | awk '{print int(($1 + $2) * 1000)}')")
	done
	local median
	median=$(printf '%s\n' "${times[@]}" | sort -n | sed -n 5p)
	echo "median: $median ms of the processor" # the clock tells how loaded the machine is
	((median < 50))
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

late() { jq "$1" "$W"/profiles/default/server@*.json; }

@test "a container that runs already is watched: it learns, late, and its profile cannot be enforced" {
	start_plain bare
	wait_for 5 proof bare alive
	run th watch bare
	[ "$status" -eq 0 ]
	[[ $output == *"watched from now on: server, mode learn; attached late"* ]]
	[ -z "$(unwatched bare .id)" ]
	[ "$(container bare .late)" = 1 ]
	# every task of it is a member, also those that ran before: what they do is seen
	local calls
	calls=$(container bare .calls)
	tell bare harmless
	wait_for 5 eval '[ "$(container bare .calls)" -gt "$calls" ]'
	run th watch bare
	[ "$status" -eq 0 ]
	[[ $output == *"watched already"* ]]
	sleep 1.2
	plain kill bare KILL
	wait_for 10 no_monitor
	[ "$(late '[.contributors[].late] | all')" = true ]
	[ "$(late '.programs | map(.path) | contains(["/bin/server"])')" = true ]
	[ "$(late '.grams | length > 3')" = true ]
	plain delete -f bare
	# what nobody saw from its start stops nobody
	bundle closed "$(profile_is server enforce)" /bin/server
	run rt create --bundle "$W/closed" closed </dev/null 3>&-
	[ "$status" -ne 0 ]
	[[ $output == *"attached late"* ]]
}

@test "who is attached late is monitored by what was learned, and never stopped" {
	learn
	start_plain bare
	wait_for 5 proof bare alive
	run th watch --mode enforce bare
	[ "$status" -eq 0 ]
	[[ $output == *"mode monitor; attached late, so not enforced"* ]]
	say bare exec
	wait_for 5 proof bare ran
	wait_for 5 eval '[ "$(container bare .deviations)" -gt 0 ]'
	[ "$(container bare .action)" = "" ]
	[ "$(late '[.contributors[].late] | any')" = false ]
	grep -q '"id":"bare".*touch-proof' "$W/log/events.jsonl"
	plain delete -f bare
	wait_for 10 no_monitor
}

@test "processes that began before, threads and children among them, are members; a word that names none is an error" {
	bundle many "$(profile_is many learn)" sh -c 'for i in 1 2 3 4 5; do (while :; do sleep 0.2; done) & done; exec /bin/sleep 1000'
	(cd "$W/many" && plain run -d many </dev/null >"$W/many/out" 2>&1 3>&-)
	local pid
	pid=$(jq .init_process_pid "$W/plain/many/state.json")
	th watch --pid "$pid" | grep -q '^many is watched from now on: many'
	wait_for 10 eval '[ "$(container many .calls)" -gt 100 ]'
	# sh and its sleep are known as what they are, two names of one file
	wait_for 20 eval 'jq -e "[.programs[].name] | contains([\"sh\", \"sleep\"])" "$W"/profiles/default/many@*.json'
	run th watch nothing
	[ "$status" -eq 2 ]
	[[ $output == *'no container "nothing" runs here'* ]]
	run th watch --pid 1
	[ "$status" -eq 2 ]
	plain delete -f many
	wait_for 10 no_monitor
}

@test "a process without a runtime is watched by its number and its cgroup" {
	local group
	group=$(awk '$3=="cgroup2"{print $2; exit}' /proc/mounts)/thymus-test-pid-$$
	mkdir "$group"
	(echo "$BASHPID" >"$group/cgroup.procs"; exec unshare -m --propagation private sleep 1000) </dev/null >/dev/null 2>&1 3>&- &
	local pid=$!
	wait_for 5 eval 'grep -q sleep /proc/$pid/comm'
	th watch --pid "$pid" | grep -q "^pid-$pid is watched from now on: sleep"
	kill "$pid"
	wait "$pid" || true
	wait_for 10 no_monitor
	rmdir "$group"
}
