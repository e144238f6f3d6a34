#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The commands that people type.  No root, no container: the policy moves every folder into the
# test's own, and profiles, incidents and states are written by hand.

: "${THYMUS:=$BATS_TEST_DIRNAME/../../build/plain/thymus}"

setup() {
	top=$BATS_TEST_TMPDIR
	cat >"$top/policy.json" <<-END
		{ /* comments are allowed */
		  "folders": { "profiles": "$top/profiles", "incidents": "$top/incidents", "run": "$top/run",
		               "log": "$top/log", "bpf": "$top/bpf" } }
	END
	chmod 600 "$top/policy.json"
}

thymus() {
	run "$THYMUS" --thymus-policy "$top/policy.json" "$@"
	echo "thymus $* (status=$status)"$'\n'"$output" # bats prints this on failure only
}

says() {
	[[ $output == *"$1"* ]]
}

profile_text() {
	jq -n --arg name "$1" --arg state "$2" --arg image "$3" '{
		format: 1, scope: "default", name: $name, image: $image, arch: "x86_64", state: $state,
		why: "", version: 1, order: 3, proving_since: 0, proved: 0, score_max: 0,
		programs: [ { path: "/usr/sbin/nginx", name: "nginx", sha256: "", session: false,
			open_until: 0 } ],
		contributors: [ { id: "0000000a", container: "web0", host: "h", started: 1700000000,
			seconds: 60, calls: 1000, lost: 0, floor: 0, late: false, stopped: true, reloads: 0,
			units: [ 60 ] } ],
		grams: [ "1 1 0000000a:0 0000000a:1" ] }'
}

# profile NAME [STATE [IMAGE]]: nginx, which has called read and nothing else.
profile() {
	local image=${3:-sha256-000000000000}
	mkdir -p "$top/profiles/default"
	profile_file=$top/profiles/default/$1@${image:0:19}.json
	profile_text "$1" "${2:-learning}" "$image" >"$profile_file"
}

# state ID NAME [ACTION [INCIDENT]]: a container as its monitor tells of it.
state() {
	local key folder
	key=$(printf '/run/runc\0%s' "$1" | sha256sum | cut -c1-16)
	folder=$top/run/containers/$key
	mkdir -p "$folder"
	jq -n --arg id "$1" --arg name "$2" --arg action "${3:-}" --arg incident "${4:-}" \
		--arg profile "${profile_file:-}" '{
		id: $id, root: "/run/runc", bundle: "/b", scope: "default", name: $name, image: "sha256-0",
		profile: $profile, identity: "by hand", asked: "auto", mode: "monitor", phase: "ready",
		words: "judged, not stopped", tiers: "1", sensor: "bpf", gates: "exec", incident: $incident,
		action: $action, unified: "", freezer: "", pid: 0, keeper: 0, monitor: 0, slot: 0,
		started: 1700000000, frozen_since: (if $action == "" then 0 else 1700000100 end),
		calls: 1234, lost: 0, deviations: 1, incidents: 1, grams: 5, programs: 1, seconds: 60,
		verdicts: 0, verdict_hash: "0" }' >"$folder/state.json"
	state_file=$folder/state.json
}

# incident ID [JQ]: a freeze of web1; JQ changes it.
incident() {
	mkdir -p "$top/incidents/$1"
	jq -n --arg id "$1" --arg profile "${profile_file:-}" '{
		id: $id, when: 1769903999.123,
		container: { id: "web1", root: "/run/runc", bundle: "/b" },
		profile: { file: $profile, scope: "default", name: "web", image: "sha256-000000000000",
			version: 1 },
		tier: 2, verdict: ["bigram"], action: "freeze", prevented: false,
		program: { path: "/usr/sbin/nginx", name: "nginx", session: false },
		thread: { pid: 41, tid: 42 }, call: { abi: "native", number: 59, name: "execve" },
		known: ["read"], unseen: ["read", "execve"], calls: ["read", "read", "execve"],
		grams: ["1.60", "60", "~60"],
		process: { command: ["nginx"], parents: [], files: [], maps: [] },
		state: "open", words: "nginx ran what it never ran." } | '"${2:-.}" \
		>"$top/incidents/$1/incident.json"
}

@test "status of an empty host says that nothing is watched" {
	thymus status
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "no container is watched" ] # the host itself may have others
}

@test "status begins with what is stopped, and exits with 1" {
	state web1 web freeze i-1
	state db1 db
	thymus status
	[ "$status" -eq 1 ]
	[[ ${lines[0]} == "FROZEN web1 (web) since 2023-11-14 22:15:00 UTC, "*", by incident i-1" ]]
	says "thymus incident show i-1"
	says "thymus release web1"
	says "thymus incident allow i-1"
	says $'db1\tdb\tmonitor\tready\t1\tbpf\texec\t60\t1234\t0\tjudged, not stopped'
}

@test "status --json tells containers, what is stopped, and profiles" {
	profile web
	state web1 web kill i-1
	thymus status --json
	[ "$status" -eq 1 ]
	[ "$(jq -r '.stopped[0].action + .stopped[0].release' <<<"$output")" = "killthymus release web1" ]
	[ "$(jq -r '.containers[0] | .id + .mode + (.calls|tostring)' <<<"$output")" = web1monitor1234 ]
	[ "$(jq -r '.profiles[0] | .scope + "/" + .name + " " + .state' <<<"$output")" = "default/web learning" ]
	[ "$(jq '.profiles[0].tiers | map(.tier)' -c <<<"$output")" = "[1,2,3]" ]
	[ "$(jq -r '.profiles[0].lacks | length > 0' <<<"$output")" = true ]
}

@test "a state file that is broken hides no other container" {
	state web1 web
	echo '{' >"$state_file"
	state db1 db
	thymus status
	[ "$status" -eq 0 ]
	says $'db1\tdb'
	says "state.json"
}

@test "no terminal, no colour and no heading" {
	state web1 web freeze i-1
	thymus status
	[[ $output != *$'\033'* && $output != *CONTAINER* ]]
}

@test "a policy that others may write is refused with the remedy" {
	chmod 666 "$top/policy.json"
	thymus status
	[ "$status" -eq 2 ]
	says "can be written by others (mode 0666): chmod go-w it"
}

@test "a slip of the pen in the policy is named" {
	echo '{ "moed": "off" }' >"$top/policy.json"
	thymus status
	[ "$status" -eq 2 ]
	says moed
	says "$top/policy.json"
}

@test "release of a container that is not stopped does nothing" {
	state web1 web
	thymus release web1
	[ "$status" -eq 0 ]
	[ "$output" = "web1 is not stopped: nothing to release" ]
}

@test "an unknown or ambiguous container is a sentence" {
	state web1 web
	state web2 web
	thymus release nobody
	[ "$status" -eq 2 ]
	says 'no container "nobody" is watched'
	thymus release web
	[ "$status" -eq 2 ]
	says '"web" is ambiguous'
}

@test "release --all tries every stopped container, and says when none is" {
	thymus release --all
	[ "$status" -eq 0 ]
	[ "$output" = "no container is stopped: nothing to release" ]
	state web1 web
	state web2 web freeze # its cgroup is gone
	thymus release --all
	[ "$status" -eq 2 ]
	says web2
	[[ $output != *web1* ]]
	thymus release --all web2
	[ "$status" -eq 2 ]
	says "usage: thymus release"
}

@test "a whole ID wins over one that only begins so" {
	state web web
	state web1 web
	thymus release web
	[ "$status" -eq 0 ]
	[ "$output" = "web is not stopped: nothing to release" ]
}

@test "mode for all is remembered for containers to come" {
	thymus mode monitor --all --for 2h
	[ "$status" -eq 0 ]
	[ "$(jq -r .timed.all.mode "$top/run/mode.json")" = monitor ]
	[ ! -e "$top/profiles/mode.json" ]
	until=$(jq -r .timed.all.until "$top/run/mode.json")
	((until > $(date +%s) + 7100 && until < $(date +%s) + 7300))
	[ "$(stat -c %a "$top/run/mode.json")" = 600 ]
	thymus mode default --all
	[ "$status" -eq 0 ]
	[ "$(jq -c . "$top/run/mode.json")" = '{"timed":{}}' ]
	[ ! -e "$top/profiles/mode.json" ]
}

@test "mode for a workload is remembered under its name" {
	profile web
	profile db
	thymus mode off web
	[ "$status" -eq 0 ]
	thymus mode enforce db
	[ "$status" -eq 0 ]
	[ "$(jq -c '.names | map_values(.mode)' "$top/run/mode.json")" = '{"web":"off","db":"enforce"}' ]
	thymus mode default web
	[ "$(jq -c '.names | map_values(.mode)' "$top/run/mode.json")" = '{"db":"enforce"}' ]
}

@test "mode default forgets a name whose profile is gone, and no other word" {
	profile web
	thymus mode off web
	thymus profile rm web
	[ "$status" -eq 0 ]
	thymus mode default web
	[ "$status" -eq 0 ]
	[ "$(jq -c .names "$top/run/mode.json")" = '{}' ]
	thymus mode monitor --all
	thymus mode default web
	[ "$status" -eq 2 ]
	says '"web" is neither'
}

@test "mode for one container is remembered while it lives and a month, and failure to act is told" {
	state web1 web
	thymus mode monitor web1
	[ "$status" -eq 2 ] # nothing monitors it
	says "web1: "
	key=$(basename "$(dirname "$state_file")")
	[ "$(jq -r ".containers[\"$key\"].mode" "$top/run/mode.json")" = monitor ]
	[ "$(jq -c .names "$top/run/mode.json")" = null ]
	rm -r "$top/run/containers"
	profile db
	thymus mode off db
	[ "$(jq -r ".containers[\"$key\"].id" "$top/run/mode.json")" = web1 ] # it may be started again
	jq '.containers[].since -= 31 * 86400' "$top/run/mode.json" >"$top/month" && cat "$top/month" >"$top/run/mode.json"
	thymus mode off db
	[ "$(jq -c .containers "$top/run/mode.json")" = "{}" ]
}

@test "mode of what nobody knows, and words that are no mode, are refused" {
	thymus mode off wbe
	[ "$status" -eq 2 ]
	says '"wbe" is neither'
	thymus mode of --all
	[ "$status" -eq 2 ]
	says 'mode "of" is unknown'
	thymus mode off --all --for 2fortnights
	[ "$status" -eq 2 ]
	[ ! -e "$top/run/mode.json" ]
}

@test "mode --all works although the policy cannot be read" {
	# The word is wrong on purpose: with defaults the right one would switch this host.
	echo '{' >"$top/policy.json"
	thymus mode of --all
	[ "$status" -eq 2 ]
	says 'mode "of" is unknown'
}

@test "a mode.json that nobody can read does not break the one switch" {
	mkdir -p "$top/run"
	echo '{' >"$top/run/mode.json"
	thymus mode off --all
	[ "$status" -eq 0 ]
	[ "$(jq -r .all.mode "$top/run/mode.json")" = off ]
}

@test "incident ls and show tell what happened" {
	incident 20260131T235959.123-a1b2
	thymus incident ls
	[ "$status" -eq 0 ]
	[ "$output" = $'20260131T235959.123-a1b2\tweb1\tweb\t2\tbigram\tfreeze\tno\t/usr/sbin/nginx\topen' ]
	thymus incident show 2026
	[ "$status" -eq 0 ]
	says "nginx ran what it never ran."
	says "unseen      read execve"
	thymus incident show --json 2026
	[ "$(jq -r .call.name <<<"$output")" = execve ]
}

@test "an incident's name never leaves its folder" {
	thymus incident show ../policy
	[ "$status" -eq 2 ]
	thymus incident allow ..
	[ "$status" -eq 2 ]
	thymus incident show ""
	[ "$status" -eq 2 ]
}

@test "profile ls, show and NAME in all its forms" {
	profile web
	thymus profile ls
	[ "$status" -eq 0 ]
	says $'default/web\t'
	for name in web default/web web@sha256-00 "$profile_file"; do
		thymus profile show "$name"
		[ "$status" -eq 0 ]
		says "/usr/sbin/nginx"
	done
	thymus profile show we
	[ "$status" -eq 2 ]
	says 'no profile "we"'
	thymus profile show web --json
	[ "$(jq -r .name <<<"$output")" = web ]
}

@test "a name with two images is ambiguous" {
	profile web learning sha256-111111111111
	profile web learning sha256-222222222222
	thymus profile show web
	[ "$status" -eq 2 ]
	says "ambiguous"
	thymus profile show web@sha256-2
	[ "$status" -eq 0 ]
}

@test "promote and demote change state and version, and the journal knows" {
	profile web
	thymus profile promote web
	[ "$status" -eq 0 ]
	says "is ready"
	thymus profile show --json web
	[ "$(jq -r '.state + .why' <<<"$output")" = "readypromoted by hand" ]
	version=$(jq .version <<<"$output")
	thymus profile promote web
	says "ready already"
	thymus profile demote web
	[ "$status" -eq 0 ]
	thymus profile show --json web
	[ "$(jq -r .state <<<"$output")" = learning ]
	[ "$(jq .version <<<"$output")" -eq $((version + 1)) ]
	[ "$(jq -r .event "$top/log/events.jsonl" | paste -sd' ')" = "promote demote" ]
	[ "$(stat -c %a "$top/log/events.jsonl")" = 600 ]
	[ "$(stat -c %a "$top/log")" = 700 ]
}

lose() {
	jq '.contributors[0].lost = 3' "$1" >"$1.new" && mv "$1.new" "$1"
}

@test "a lossy profile is promoted by force only" {
	profile web
	lose "$profile_file"
	thymus profile promote web
	[ "$status" -eq 2 ]
	says "is lossy (3 events lost)"
	thymus profile promote --force web
	[ "$status" -eq 0 ]
}

@test "rm removes a profile, but not one in use" {
	profile web
	state web1 web
	thymus profile rm web
	[ "$status" -eq 2 ]
	says "container web1 uses this profile"
	rm -r "$top/run"
	thymus profile rm web
	[ "$status" -eq 0 ]
	[ ! -e "$profile_file" ]
	[ ! -e "$profile_file.lock" ]
}

@test "diff finds a program and an n-gram, and nothing in equal profiles" {
	profile web
	incident i-1
	thymus profile diff web web
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	cp "$profile_file" "$top/before.json"
	thymus incident allow i-1
	[ "$status" -eq 0 ]
	thymus profile diff "$top/before.json" web
	[ "$status" -eq 1 ]
	says "! version: 1 -> 2"
	says "+ gram    /usr/sbin/nginx: read execve"
	says "+ gram    /usr/sbin/nginx: ~ execve"
	thymus profile diff --json web "$top/before.json"
	[ "$status" -eq 1 ]
	[ "$(jq '.removed.grams | length' <<<"$output")" -eq 3 ]
}

@test "allowing a sequence teaches its n-grams, opens the program and says so" {
	profile web ready
	incident i-1
	thymus incident allow i-1
	[ "$status" -eq 0 ]
	says "/usr/sbin/nginx may make the run: read execve"
	says "for the next 60 s"
	[ "$(jq -r .state "$top/incidents/i-1/incident.json")" = allowed ]
	thymus profile show --json web
	says '"incident i-1"'
	thymus profile show web
	says "ready"
}

@test "allowing an execution teaches the program" {
	profile web ready
	incident i-1 '.verdict = ["exec"] | .grams = [] |
		.executed = { path: "/tmp/tool", name: "tool", sha256: ("ab" * 32), upper: true }'
	thymus incident allow i-1
	[ "$status" -eq 0 ]
	says "/tmp/tool may run"
	thymus profile show web
	says "/tmp/tool"
	thymus profile show --json web
	says "abababab"
}

@test "floor calls, foreign ABIs and leaving cannot be allowed" {
	profile web ready
	before=$(cat "$profile_file")
	for verdict in floor abi left; do
		incident "i-$verdict" ".verdict = [\"$verdict\"] | .call.name = \"bpf\""
		thymus incident allow "i-$verdict"
		[ "$status" -eq 2 ]
	done
	thymus incident allow i-floor
	says 'bpf is on the floor'
	says 'floor_lift'
	[ "$before" = "$(cat "$profile_file")" ]
	[ "$(jq -r .state "$top/incidents/i-floor/incident.json")" = open ]
}

@test "an incident that lies about its n-grams changes nothing" {
	profile web ready
	before=$(cat "$profile_file")
	for gram in '"1.2.3.4.5.6.7"' '"0"' '"512"' '"~1.2.3.4"' '"1.2.3.4"' '"1..2"' '"1."' '"1.2x"' '""' '7' '"509"'; do
		incident i-1 ".grams = [$gram]"
		thymus incident allow i-1
		[ "$status" -eq 2 ]
		[ "$before" = "$(cat "$profile_file")" ]
	done
}

@test "ten people who allow twenty incidents each lose nothing" {
	profile web ready
	for i in $(seq 200); do
		incident "i-$i" ".verdict = [\"exec\"] | .grams = [\"$((i % 300 + 1)).2\"] |
			.executed = { path: \"/opt/tool$i\", name: \"tool$i\", upper: true }"
	done
	for worker in $(seq 0 9); do
		for i in $(seq $((worker * 20 + 1)) $((worker * 20 + 20))); do
			"$THYMUS" --thymus-policy "$top/policy.json" incident allow "i-$i" || echo "i-$i" >>"$top/failed"
		done >/dev/null &
	done
	wait
	[ ! -e "$top/failed" ]
	thymus profile show --json web
	[ "$(jq .version <<<"$output")" -eq 201 ]
	[ "$(grep -o '/opt/tool[0-9]*' <<<"$output" | sort -u | wc -l)" -eq 200 ]
	[ "$(wc -l <"$top/log/events.jsonl")" -eq 200 ]
	[ "$(jq -r .object "$top/log/events.jsonl" | sort -u | wc -l)" -eq 200 ]
	[ "$(stat -c %a "$profile_file")" = 600 ]
	[ -z "$(find "$top/profiles" -name '*.tmp*')" ]
}

@test "the journal rotates at 16 MiB" {
	profile web
	mkdir -m 700 "$top/log"
	head -c 16777210 /dev/zero | tr '\0' ' ' >"$top/log/events.jsonl"
	echo >>"$top/log/events.jsonl"
	thymus profile promote web
	[ "$status" -eq 0 ]
	[ "$(wc -l <"$top/log/events.jsonl")" -eq 1 ]
	[ "$(stat -c %s "$top/log/events.jsonl.1")" -eq 16777211 ]
	[ "$(jq -r .event "$top/log/events.jsonl")" = promote ]
}

@test "half a line that a crash left is closed off" {
	profile web
	mkdir -m 700 "$top/log"
	printf '{"event":"ha' >"$top/log/events.jsonl"
	thymus profile promote web
	[ "$(tail -n 1 "$top/log/events.jsonl" | jq -r .event)" = promote ]
}

@test "usage is a sentence and exit status 2" {
	for words in "status now" "mode" "mode off" "release" "incident hsow x" "profile promote" "profile cp a"; do
		# shellcheck disable=SC2086 # words, on purpose
		thymus $words
		[ "$status" -eq 2 ]
		says "usage: thymus"
	done
	thymus status --jsno
	[ "$status" -eq 2 ]
	says "unknown flag --jsno; there is: --json"
}

# frozen ID NAME INCIDENT: like state, with a folder that stands for its cgroup.
frozen() {
	state "$1" "$2" freeze "$3"
	cgroup=$top/cgroup-$1
	mkdir -p "$cgroup"
	echo 1 >"$cgroup/cgroup.freeze"
	echo "frozen 0" >"$cgroup/cgroup.events"
	jq --arg cgroup "$cgroup" '.unified = $cgroup' "$state_file" >"$top/new" && mv "$top/new" "$state_file"
}

@test "release thaws, and state, incident and journal say so" {
	incident i-1
	frozen web1 web i-1
	thymus release web1
	[ "$status" -eq 0 ]
	[ "$output" = "web1 runs on" ]
	[ "$(head -c 1 "$cgroup/cgroup.freeze")" = 0 ]
	[ "$(jq -r '.action + .incident + (.frozen_since|tostring)' "$state_file")" = 0 ]
	[ "$(jq -r .state "$top/incidents/i-1/incident.json")" = released ]
	[ "$(jq -r '.event + " " + .object' "$top/log/events.jsonl")" = "release web1" ]
	thymus status
	[ "$status" -eq 0 ]
}

@test "what was allowed stays allowed when it is released" {
	profile web ready
	incident i-1
	frozen web1 web i-1
	thymus incident allow i-1
	[ "$status" -eq 0 ]
	says "still stopped: thymus release web1"
	thymus release --json web1
	[ "$(jq -r .words <<<"$output")" = "web1 runs on" ]
	[ "$(jq -r .state "$top/incidents/i-1/incident.json")" = allowed ]
}

@test "a full or broken log keeps no container frozen" {
	incident i-1
	frozen web1 web i-1
	touch "$top/log" # a file where the folder should be
	thymus release web1
	[ "$status" -eq 0 ]
	[ "$(head -c 1 "$cgroup/cgroup.freeze")" = 0 ]
}

@test "release of a container whose cgroup is gone is a sentence, and the incident stays open" {
	incident i-1
	state web1 web freeze i-1
	thymus release web1
	[ "$status" -eq 2 ]
	says "thymus: web1: "
	[ "$(jq -r .state "$top/incidents/i-1/incident.json")" = open ]
}

@test "a profile that a version with format 1 wrote is read, and one of a later format refused with a sentence" {
	local stored=$BATS_TEST_DIRNAME/../data/profile-format-1.json
	thymus profile show "$stored"
	[ "$status" -eq 0 ]
	[[ $output == *"/bin/server"* ]]
	jq -c '.format = 2 | .unheard = 1' "$stored" >"$BATS_TEST_TMPDIR/later.json"
	thymus profile show "$BATS_TEST_TMPDIR/later.json"
	[ "$status" -eq 2 ]
	says "a newer one wrote it"
}
