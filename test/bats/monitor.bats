#!/usr/bin/env bats
# bats file_tags=root
# The whole path on the real runtime: learned, judged, stopped, explained, healed.

load root
load server

setup() {
	instance
	rootfs
}

teardown() {
	local died=0
	# a monitor that crashed (a sanitizer's find) is replaced so quickly that nobody would notice
	[ -n "${KILLED:-}" ] || ! grep -s "ended unexpectedly" "$W/log/events.jsonl" || died=1
	cleanup_instance
	return $died
}

@test "learning sees the entry's first instruction, loses nothing, and is kept" {
	learn
	local p
	p=$(echo "$W"/profiles/default/server@*.json)
	[ "$(jq -r '.contributors | length' "$p")" = 2 ]
	[ "$(jq -r '[.contributors[].lost] | add' "$p")" = 0 ]
	local server
	server=$(jq -r '.programs | map(.path) | index("/bin/server") + 1' "$p")
	# its first run of calls begins with the exec boundary (token 510)
	jq -r '.grams[]' "$p" | grep -q "^$server 510\."
}

@test "an executable never learned is refused before its first instruction" {
	learn
	attack exec ran
	not proof victim ran
	[ "$(last_incident .prevented)" = true ]
	th incident show "$(th incident ls --json | jq -r '.[-1].id')" | grep -q 'executed.*/bin/touch-proof'
}

@test "a learned executable that was changed in the container's own layer does not run, until it is allowed" {
	learn
	before_start() { printf x >>"$1/bin/learned"; }
	attack harmless ran
	not proof victim ran
	[ "$(last_incident .prevented)" = true ]
	[ "$(last_incident .executed.upper)" = true ]
	[ "$(last_incident .executed.sha256)" = "$(sha256sum <"$W/victim/upper/bin/learned" | cut -d' ' -f1)" ]
	[[ $(last_incident .words) == *"/bin/learned, which is not what was learned by that name"* ]]
	th incident allow "$(last_incident .id)"
	th release victim
	wait_for 5 eval '[ "$(container victim .action)" = "" ]'
	say victim harmless
	wait_for 5 proof victim ran
	[ "$(container victim .action)" = "" ]
}

@test "a learned path that became a symlink to another executable does not run" {
	learn
	before_start() { ln -sf touch-proof "$1/bin/learned"; }
	attack harmless ran
	not proof victim ran
	[ "$(last_incident .executed.path)" = /bin/touch-proof ]
}

@test "an executable of the container's own layer is known by its content: a new owner is no deviation" {
	before_start() { chown 1 "$1/bin/learned"; }
	learn
	jq -e --arg h "$(sha256sum <"$R/bin/learned" | cut -d' ' -f1)" \
		'[.programs[] | select(.path=="/bin/learned") | .sha256] | all(. == $h)' "$W"/profiles/default/server@*.json
	before_start() { :; }
	start victim enforce # the image's file
	chown 1 "$W/victim/rootfs/bin/learned"
	say victim harmless
	wait_for 5 proof victim ran
	sleep 0.5
	[ "$(container victim .action)" = "" ]
	[ "$(container victim .deviations)" = 0 ]
	rm -f "$W/victim/rootfs/tmp/proof-ran"
	printf x >>"$W/victim/rootfs/bin/learned"
	say victim harmless
	wait_for 5 stopped victim
	not proof victim ran
}

@test "what is executed while proving joins the profile, with its calls" {
	instance allow_seconds=1
	start shown auto
	wait_for 20 eval 'jq -e ".state==\"proving\"" "$W"/profiles/default/server@*.json'
	wait_for 5 eval '[ "$(container shown .mode)" = monitor ]'
	say shown exec
	wait_for 5 proof shown ran
	wait_for 20 eval '[ "$(container shown .phase)" = ready ]'
	rt delete -f shown
	wait_for 5 no_monitor
	sleep 1 # what was new was open for a while
	start victim enforce
	say victim exec
	wait_for 5 proof victim ran
	sleep 0.5
	[ "$(container victim .deviations)" = 0 ]
}

@test "a program that lies in memory only does not run" {
	learn
	attack memfd ran
	not proof victim ran
	[ "$(last_incident '.verdict[0]')" = exec ]
	[ "$(last_incident .prevented)" = true ]
}

@test "a foreign ABI is stopped" {
	local abi=int80
	learn
	start probe learn plain # some kernels run 64-bit code only
	say probe int80
	wait_for 3 proof probe int80 || abi=x32
	attack "$abi" "$abi"
	[ "$(last_incident '.verdict[0]')" = abi ]
}

@test "a call never learned is stopped" {
	learn
	attack socket socket
	[ "$(last_incident '.verdict[0]')" = call ]
}

@test "a forked child has its parent's past" {
	learn
	attack fork fork
}

@test "allow and release heal: the same behaviour then passes" {
	learn
	attack exec ran
	local id
	id=$(th incident ls --json | jq -r '.[-1].id')
	th incident allow "$id"
	th release victim
	wait_for 5 eval '[ "$(container victim .action)" = "" ]'
	say victim exec
	wait_for 5 proof victim ran
	sleep 0.5
	[ "$(container victim .action)" = "" ]
}

@test "exec and resume of a frozen container are refused in plain words; delete is not" {
	learn
	attack socket socket
	run rt exec victim /bin/true
	[ "$status" -eq 255 ]
	[[ $output == *"frozen by incident"*"thymus release victim"* ]]
	run rt resume victim
	[ "$status" -eq 1 ]
	[[ $output == *"frozen by incident"* ]]
	timeout 10 "$THYMUS" --thymus-policy "$POLICY" --root "$W/rt" delete -f victim
	wait_for 5 eval '[ -z "$(container victim .id)" ]'
}

@test "a tier whose action is kill ends the container, and the incident says so" {
	instance 'actions={"tier1":"kill"}'
	learn
	start victim enforce
	say victim socket
	wait_for 5 gone victim
	wait_for 5 eval '[ "$(th incident ls --json | jq length)" = 1 ]'
	[ "$(last_incident .action)" = kill ]
	[ "$(last_incident .verdict[0])" = call ]
	rt delete -f victim
	wait_for 5 no_monitor
}

@test "the thousand latest incidents are kept" {
	learn
	local i
	for i in $(seq -w 1000); do
		mkdir -p "$W/incidents/20200101T000000.000-$i"
		echo '{}' >"$W/incidents/20200101T000000.000-$i/incident.json"
	done
	start victim enforce
	say victim socket
	wait_for 5 stopped victim
	[ "$(find "$W/incidents" -mindepth 1 -maxdepth 1 -name "2*" | wc -l)" = 1000 ]
	not test -e "$W/incidents/20200101T000000.000-0001"
	[ "$(last_incident '.verdict[0]')" = call ]
}

@test "a bundle behind symlinks is enforced like any other" {
	learn
	bundle victim "$(profile_is server enforce)" /bin/server
	printf x >>"$W/victim/rootfs/bin/learned"
	ln -s victim "$W/link"
	rt create --bundle "$W/link" victim </dev/null >"$W/out" 2>&1 3>&-
	rt start victim
	say victim harmless
	wait_for 5 stopped victim
	not proof victim ran
	[ "$(last_incident .executed.upper)" = true ]
}

@test "every other task of a condemned container stops too" {
	learn
	bundle many "$(profile_is server2 learn)" /bin/server spin
	(cd "$W/many" && rt create many </dev/null >"$W/many/out" 2>&1 3>&-) && rt start many
	sleep 2.5
	rt kill many KILL; sleep 0.3; rt delete -f many
	wait_for 5 no_monitor
	bundle many2 "$(profile_is server2 enforce)" /bin/server spin
	(cd "$W/many2" && rt create many2 </dev/null >"$W/many2/out" 2>&1 3>&-) && rt start many2
	sleep 1
	say many2 socket
	wait_for 5 stopped many2
	[[ $(th mode monitor --all) == *"many2: monitor; still stopped: thymus release many2"* ]]
	local a b
	a=$(container many2 .calls); sleep 1; b=$(container many2 .calls)
	[ "$a" = "$b" ]
	th release --all
	wait_for 5 eval '[ "$(container many2 .action)" = "" ]'
	rm -f "$W/many2/rootfs/tmp/proof-alive"
	wait_for 5 proof many2 alive
}

@test "an exec session is recorded, taught nothing, and stops nothing" {
	learn
	start victim enforce
	rt exec victim /bin/touch-proof /tmp/proof-session
	proof victim session
	sleep 0.5
	[ "$(container victim .action)" = "" ]
	[ "$(th incident ls --json | jq length)" = 0 ]
	grep -q '"type":"deviation"' "$W/log/events.jsonl"
}

@test "mode monitor --all takes the teeth out of a running container at once" {
	learn
	start victim enforce
	th mode monitor --all
	say victim exec
	wait_for 5 proof victim ran
	[ "$(container victim .action)" = "" ]
}

@test "enforce without a profile does not start, and says why" {
	bundle nobody "$(profile_is unknown enforce)" /bin/server
	cd "$W/nobody"
	run rt create nobody </dev/null 3>&-
	[ "$status" -ne 0 ]
	[[ $output == *"has no profile to enforce"* ]]
	jq -se '.[] | select(.type == "refused" and .container == "nobody" and (.message | test("has no profile to enforce")))' "$W/log/events.jsonl"
}

@test "a killed monitor is replaced, and the container stays enforced" {
	learn
	start victim enforce
	KILLED=1
	kill -9 "$(container victim .monitor)"
	sleep 1.5
	[ "$(container victim .monitor)" != "" ]
	kill -0 "$(container victim .monitor)"
	say victim exec
	wait_for 5 stopped victim
	not proof victim ran
}

@test "with keeper and monitor dead, the kernel still stops the deviation" {
	learn
	start victim enforce
	local keeper monitor
	keeper=$(container victim .keeper) monitor=$(container victim .monitor)
	KILLED=1
	kill -9 "$keeper" "$monitor"
	say victim socket
	sleep 1
	rm -f "$W/victim/rootfs/tmp/proof-alive"
	sleep 0.5
	not proof victim alive
	rt delete -f victim # and what nobody of ours was left to give back is given back
	not compgen -G "$BPF/*/link_*"
}

@test "pausing and resuming 100 times under load is no deviation" {
	bundle busy "$(profile_is storm learn)" /bin/storm 4 3000000
	(cd "$W/busy" && timeout 6 "$THYMUS" --thymus-policy "$POLICY" --root "$W/rt" run busy </dev/null >/dev/null 2>&1 3>&-) || true
	rt delete -f busy || true
	wait_for 5 no_monitor
	bundle busy2 "$(profile_is storm enforce)" /bin/storm 4 30000000
	(cd "$W/busy2" && rt create busy2 </dev/null >"$W/busy2/out" 2>&1 3>&-)
	rt start busy2
	local i
	for i in $(seq 100); do
		wait_for 10 rt pause busy2 # runc gives up on a v1 freezer that is busy
		rt resume busy2
	done
	sleep 0.5
	[ "$(container busy2 .deviations)" = 0 ]
	[ "$(container busy2 .action)" = "" ]
}

@test "ten containers of one workload that teach at once lose nothing" {
	local i
	for i in $(seq 10); do
		bundle "t$i" "$(profile_is ten learn)" /bin/storm 2 2000
		(cd "$W/t$i" && rt create "t$i" </dev/null >"$W/t$i/out" 2>&1 3>&-)
	done
	for i in $(seq 10); do rt start "t$i"; done
	for i in $(seq 10); do wait_for 10 gone "t$i"; rt delete -f "t$i"; done
	wait_for 10 no_monitor
	local p
	p=$(echo "$W"/profiles/default/ten@*.json)
	[ "$(jq -r '.contributors | length' "$p")" = 10 ]
	[ "$(jq -r '[.contributors[] | select(.stopped)] | length' "$p")" = 10 ]
}
