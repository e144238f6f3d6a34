#!/usr/bin/env bats
# bats file_tags=root
# SPDX-License-Identifier: GPL-2.0-or-later
# Called by a user without root, in a user namespace of his own as podman does it, or plainly: what nobody enforces goes to
# the runtime at once, what is to be enforced is refused.

load helpers

setup() {
	W=$(mktemp -d)
	chmod 755 "$W"
	mkdir "$W/bin" "$W/etc" "$W/var"
	# where the user may read: a checkout may lie in root's home
	cp "$THYMUS" "$(dirname "$THYMUS")/thymus-hook" "$FAKE" "$W/bin/"
	jq -n --arg w "$W" '{ delegate: ($w + "/bin/fake-runc"), mode: "learn", folders: { profiles: ($w + "/var/profiles"),
		incidents: ($w + "/var/incidents"), run: ($w + "/var/run"), log: ($w + "/var/log"), bpf: ($w + "/var/bpf") } }' \
		>"$W/etc/thymus.json"
	bundle
	mv "$BUNDLE" "$W/bundle"
	BUNDLE=$W/bundle
	chown -R 65534:65534 "$BUNDLE"
}
teardown() { rm -rf "$W"; }

policy_is() { # JQ
	jq "$1" "$W/etc/thymus.json" >"$W/new" && cat "$W/new" >"$W/etc/thymus.json"
}

as() { # user | namespace | root, COMMAND...
	local how=()
	case $1 in
	user) how=(setpriv --reuid 65534 --regid 65534 --clear-groups) ;;
	namespace) how=(setpriv --reuid 65534 --regid 65534 --clear-groups unshare --user --map-root-user) ;;
	esac
	shift
	run --separate-stderr env -i "${how[@]}" "$@"
	printf '%s (status=%s)\n%s\n%s\n' "$*" "$status" "$output" "$stderr"
}
create() { as "$1" "$W/bin/thymus" --thymus-policy "$W/etc/thymus.json" "${@:2}" create --bundle "$BUNDLE" web1; }

delegated() { # untouched, and without a word
	[ "$status" -eq 0 ] && [ "$output" = "runc: [create] [--bundle] [$BUNDLE] [web1]" ] && [ -z "$stderr" ] &&
		[ "$(config .hooks)" = null ]
}
refused() { # WORDS
	[ "$status" -eq 1 ] && [ -z "$output" ] && [ "${#stderr_lines[@]}" -eq 1 ] && [[ $stderr == *"$1"* ]]
}

@test "root's container gets the hooks, as a control" {
	create root
	[ "$status" -eq 0 ]
	[ "$(config '.hooks.createRuntime | length')" -eq 1 ]
}

@test "off, learn, monitor and auto: delegated at once, without a word" {
	local mode how
	for mode in off learn monitor auto; do
		policy_is ".mode = \"$mode\""
		for how in user namespace; do
			create $how
			delegated
		done
	done
	[ ! -e "$W/var/log" ] # which is root's: nothing to be said to anyone
}

@test "where the user may write the log, it says that nobody watches" {
	mkdir "$W/var/log"
	chown 65534 "$W/var/log"
	create namespace
	delegated
	jq -e '.type == "error" and .container == "web1" and .message == "user 65534 is not root: the container is not watched"' \
		"$W/var/log/events.jsonl"
	policy_is '.mode = "off"'
	create namespace
	delegated
	[ "$(wc -l <"$W/var/log/events.jsonl")" -eq 1 ]
}

@test "enforce is refused in one sentence: by policy, by flag, by an annotation that is admitted" {
	local how
	for how in user namespace; do
		create $how --thymus-mode enforce
		refused "user 65534 is not root, and nobody could enforce"
	done
	policy_is '.mode = "enforce"'
	create namespace
	refused "user 65534 is not root, and nobody could enforce"
	create namespace --thymus-mode learn
	delegated
	policy_is '.mode = "learn" | .annotations.mode = ["enforce"]'
	create namespace
	delegated
	jq -c '.annotations["io.thymus.mode"] = "enforce"' "$BUNDLE/config.json" >"$W/new" && cat "$W/new" >"$BUNDLE/config.json"
	create namespace
	refused "user 65534 is not root, and nobody could enforce"
	policy_is 'del(.annotations)'
	create namespace
	delegated
}

@test "enforce that a person said counts, where the user can read it" {
	mkdir -p "$W/var/run"
	jq -n '{ all: { mode: "enforce", since: 1 } }' >"$W/var/run/mode.json"
	create namespace
	refused "nobody could enforce"
}

@test "a policy that the user cannot read is refused with the remedy; what ends a container works" {
	local how
	chmod 600 "$W/etc/thymus.json"
	for how in user namespace; do
		create $how
		refused "user 65534 cannot read the policy $W/etc/thymus.json, which may say enforce: chmod 644 $W/etc/thymus.json"
		as $how "$W/bin/thymus" --thymus-policy "$W/etc/thymus.json" --thymus-runtime "$W/bin/fake-runc" kill web1 KILL
		[ "$status" -eq 0 ]
		[ "$output" = "runc: [kill] [web1] [KILL]" ]
	done
	chmod 644 "$W/etc/thymus.json"
	create namespace
	delegated
}

@test "a policy that others may write is refused to him, too, and one of another user's where it can be known" {
	chmod 666 "$W/etc/thymus.json"
	create namespace
	refused "can be written by others"
	chmod 644 "$W/etc/thymus.json"
	chown 1 "$W/etc/thymus.json"
	create user
	refused "belongs to uid 1"
}

@test "the hook, as podman without root calls it, does likewise" {
	local state
	state=$(jq -nc --arg b "$BUNDLE" --arg p $$ '{ ociVersion: "1.0.2", id: "web1", pid: ($p | tonumber), status: "created", bundle: $b }')
	hook() { as namespace sh -c 'echo "$1" | "$2" createRuntime --policy "$3"' sh "$state" "$W/bin/thymus-hook" "$W/etc/thymus.json"; }
	hook
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	policy_is '.mode = "enforce"'
	hook
	refused "user 65534 is not root, and nobody could enforce"
}
