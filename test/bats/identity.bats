#!/usr/bin/env bats
# bats file_tags=root
# Which workload is this: from the facts of the engine, alike on every host, apart for every tenant, and explained.

load root
load server

setup() {
	instance
	rootfs
}

teardown() {
	local m
	cleanup_instance
	for m in "$W"/*/overlay2/*/merged; do umount -l "$m" 2>/dev/null || true; done
}

id() { printf '%064x' "$1"; }
DIGEST=$(printf 'a%.0s' $(seq 64))

# A container as Docker keeps it: its root, its bundle and its facts below a data root of its own.
docker_bundle() { # HOST NUMBER NAME [DIGEST] [CONFIG-FILTER]
	local data=$W/$1 id
	id=$(id "$2")
	B=$data/run/moby/$id
	mkdir -p "$data/overlay2/$id/merged" "$data/containers/$id" "$B"
	cp -a "$R/." "$data/overlay2/$id/merged/"
	jq -n --arg n "/$3" --arg d "sha256:${4:-$DIGEST}" '{Name: $n, Image: $d, Config: {Image: "shop/db:1", Labels: {}}}' \
		>"$data/containers/$id/config.v2.json"
	chmod 600 "$data/containers/$id/config.v2.json"
	(cd "$B" && rm -f config.json && runc spec)
	jq --arg root "$data/overlay2/$id/merged" --arg cg "/thymus-test/$(basename "$W")-$1-$2" '
		.process.args = ["sleep", "1000"] | .process.terminal = false | .root = {path: $root, readonly: false} |
		.linux.cgroupsPath = $cg | '"${5:-.}" "$B/config.json" >"$B/new" && mv "$B/new" "$B/config.json"
}

begin() { (cd "$B" && rt run -d "$(basename "$B")" </dev/null >"$W/out" 2>&1 3>&-) || { cat "$W/out"; return 1; }; }
key() { th explain --json "$(id "$1")" | jq -c .key; }
end() { rt delete -f "$(id "$1")"; wait_for 10 no_monitor; }

@test "name and image are the same: one key in a second container, after a restart and on a second host" {
	local first
	docker_bundle host1 1 shop-db
	begin
	first=$(key 1)
	[ "$first" = '{"scope":"default","name":"shop-db","image":"sha256-'"$DIGEST"'"}' ]
	docker_bundle host1 2 shop-db
	begin
	[ "$(key 2)" = "$first" ]
	rt delete -f "$(id 2)"
	end 1
	begin # the second bundle once more
	[ "$(key 2)" = "$first" ]
	end 2
	local profiles=$W/profiles
	instance "folders={\"profiles\": \"$W/host2/thymus/profiles\", \"run\": \"$W/host2/thymus/run\"}"
	docker_bundle host2 3 shop-db
	begin
	[ "$(key 3)" = "$first" ]
	[ "$(basename "$(th explain --json "$(id 3)" | jq -r .profile.file)")" = "shop-db@sha256-aaaaaaaaaaaa.json" ]
	rt delete -f "$(id 3)"
	# the controls: another name, another image
	docker_bundle host2 4 shop-web
	begin
	[ "$(key 4 | jq -r .name)" = shop-web ]
	rt delete -f "$(id 4)"
}

@test "another tenant is another key: by a rule of the policy" {
	instance 'rules=[{"cgroup": "*-blue-*", "tenant": "blue"}, {"cgroup": "*-red-*", "tenant": "red", "name": "db"}]'
	docker_bundle blue 1 shop-db
	begin
	[ "$(key 1 | jq -r '.scope + "/" + .name')" = blue/shop-db ]
	docker_bundle red 2 shop-db
	begin
	[ "$(key 2 | jq -r '.scope + "/" + .name')" = red/db ]
	docker_bundle green 3 shop-db
	begin
	[ "$(key 3 | jq -r '.scope + "/" + .name')" = default/shop-db ]
	th explain "$(id 2)" | grep -q 'from policy rule: red'
	th explain "$(id 3)" | grep -q 'not from policy rule: no rule with a tenant matches'
}

@test "explain says what was used at create, what was asked before, and why that did not apply" {
	docker_bundle host1 1 shop-db "$DIGEST" '.annotations = {"io.thymus.profile": "bad name", "io.thymus.mode": "learn"}'
	begin
	local id
	id=$(id 1)
	th explain "$id"
	th explain "$id" | grep -q 'not from annotation io.thymus.profile: bad name is not admitted'
	th explain "$id" | grep -q "from Docker's config.v2.json: shop-db"
	th explain "$id" | grep -q 'learn was asked for by annotation io.thymus.mode'
	[ "$(th explain --json "$id" | jq -c '[.steps[] | select(.what == "name") | .used]')" = '[false,false,true]' ]
	# what was used, not what would be found now
	rm "$W/host1/containers/$id/config.v2.json"
	[ "$(key 1 | jq -r .name)" = shop-db ]
	th mode monitor shop-db
	wait_for 5 eval '[ "$(container "$id" .mode)" != "" ]'
	th explain "$id" | grep -q 'a person said monitor for this workload'
	[ "$(th explain --json "$id" | jq -r .mode.said.for)" = name ]
	rt delete -f "$id"
	# no facts: the annotation, else the executable and the files
	bundle plain '{}' sleep 1000
	(cd "$W/plain" && rt run -d plain1 </dev/null >"$W/out" 2>&1 3>&-)
	th explain plain1 | grep -q 'from entry executable: sleep'
	th explain plain1 | grep -q 'from fingerprint'
	th explain plain1 | grep -q 'was asked for by policy'
	run th explain nothing
	[ "$status" -eq 2 ]
}

# A pod's container as containerd's CRI plugin keeps it.
pod_bundle() { # NUMBER ANNOTATIONS
	B=$W/host1/io.containerd.runtime.v2.task/k8s.io/$(id "$1")
	mkdir -p "$B/rootfs"
	cp -a "$R/." "$B/rootfs/"
	(cd "$B" && runc spec)
	jq --arg cg "/thymus-test/$(basename "$W")-pod-$1" '.process.args = ["sleep", "1000"] | .process.terminal = false |
		.root.readonly = false | .linux.cgroupsPath = $cg |
		.annotations = ({"io.kubernetes.cri.sandbox-namespace": "shop"} + '"$2"')' "$B/config.json" >"$B/new" && mv "$B/new" "$B/config.json"
}

@test "a pod's annotation names its containers where policy admits it, and never its pause container" {
	instance 'annotations={"profile": ["shop-*"]}'
	pod_bundle 1 '{"io.kubernetes.cri.container-type": "sandbox", "io.thymus.profile": "shop-db"}'
	begin
	[ "$(key 1 | jq -r '.scope + "/" + .name')" = shop/pause ]
	th explain "$(id 1)" | grep -q "not from annotation io.thymus.profile: shop-db is for the pod's containers, not for its sandbox"
	pod_bundle 2 '{"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "db", "io.thymus.profile": "shop-db"}'
	begin
	[ "$(key 2 | jq -r '.scope + "/" + .name')" = shop/shop-db ]
	pod_bundle 3 '{"io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.container-name": "db", "io.thymus.profile": "bank-db"}'
	begin
	[ "$(key 3 | jq -r '.scope + "/" + .name')" = shop/db ]
	for n in 1 2 3; do rt delete -f "$(id $n)"; done
}

NEW=$(printf 'b%.0s' $(seq 64))

# Two lives under the first image, so that it has a profile.
teach_first() {
	docker_bundle host1 1 shop-db
	begin
	sleep 1.2
	rt kill "$(id 1)" KILL
	end 1
	[ -s "$W/profiles/default/shop-db@sha256-aaaaaaaaaaaa.json" ]
}

@test "a new image of a known workload is recognised, and enforced by nothing that was not learned" {
	teach_first
	docker_bundle host1 2 shop-db "$NEW"
	begin
	wait_for 10 eval '[[ $(container "$(id 2)" .words) == "a new image of a known workload; its predecessor is shop-db@sha256-aaaaaaaaaaaa"* ]]'
	th explain "$(id 2)" | grep -q 'its predecessor is shop-db@sha256-aaaaaaaaaaaa'
	grep -q '"type":"upgrade".*its predecessor is shop-db@sha256-aaaaaaaaaaaa' "$W/log/events.jsonl"
	rt delete -f "$(id 2)"
	wait_for 10 no_monitor
	rm -f "$W"/profiles/default/shop-db@sha256-bbb*
	# enforce: refused, in words that name the predecessor and the remedy
	instance mode='"enforce"'
	run begin
	[ "$status" -ne 0 ]
	[[ $output == *"has a new image"*"its predecessor is shop-db@sha256-aaaaaaaaaaaa"*"mode learn"* ]]
	# the control: the old image runs enforced, and the new one where policy lets it learn
	docker_bundle host1 3 shop-db
	begin
	[ "$(container "$(id 3)" .mode)" = enforce ]
	rt delete -f "$(id 3)"
	docker_bundle host1 4 shop-db "$NEW"
	instance mode='"enforce"' on_upgrade='"learn"'
	begin
	[ "$(container "$(id 4)" .mode)" = learn ]
	rt delete -f "$(id 4)"
}

@test "a new image learns in mode auto, unless policy refuses it" {
	teach_first
	docker_bundle host1 2 shop-db "$NEW"
	instance mode='"auto"' ready_mode='"enforce"' on_upgrade='"refuse"'
	run begin
	[ "$status" -ne 0 ]
	[[ $output == *"has a new image"* ]]
	instance mode='"auto"' ready_mode='"enforce"'
	begin
	[ "$(container "$(id 2)" .mode)" = learn ]
	rt delete -f "$(id 2)"
}

@test "where the workload cannot be told, enforce that a person said by name closes" {
	local hook
	hook=$(dirname "$THYMUS")/thymus-hook
	tell_hook() { echo '{"id": "odd", "pid": 1, "bundle": "'"$W"'/none"}' | "$hook" createRuntime --policy "$POLICY"; }
	tell_hook # the control: nobody enforces, so it starts as under the runtime
	mkdir -p "$W/profiles/default"
	touch "$W/profiles/default/shop-db@fp-0.json"
	th mode enforce shop-db
	run tell_hook
	[ "$status" -ne 0 ]
	[[ $output == *"none/config.json"* ]]
	th mode monitor shop-db
	tell_hook
}
