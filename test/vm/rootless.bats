#!/usr/bin/env bats
# bats file_tags=root,slow
# SPDX-License-Identifier: GPL-2.0-or-later
# podman without root, by a user of a machine where thymus is installed.  In a machine that is thrown away:
# scripts/vm bookworm test/vm/suite test/vm/rootless.bats

load ../wait

bats_require_minimum_version 1.5.0

setup_file() {
	systemd-detect-virt -q || { echo "for virtual machines only: see scripts/vm" >&2; return 1; }
	local top=$BATS_TEST_DIRNAME/../..
	install -Dm755 "$top/build/plain/thymus" /usr/sbin/thymus
	install -Dm755 "$top/build/plain/thymus-hook" /usr/libexec/thymus/thymus-hook
	mkdir -p /etc/thymus
	useradd -m alice
	loginctl enable-linger alice
	SELF=$(id -u alice)
	export SELF
	wait_for 120 test -S "/run/user/$SELF/bus"
	export INSIDE=$top/build/plain/test/inside WORK=/var/tmp/rootless
	# shellcheck source=test/podman/lib.bash disable=SC1091
	(source "$top/test/podman/lib.bash" && tree /var/tmp/tree)
	tar -C /var/tmp/tree -cf /var/tmp/tree.tar .
	policy '.'
	alice podman import -q -c 'CMD ["/bin/sleep", "1000"]' /var/tmp/tree.tar localhost/word
	# oci-hooks(5), where a test asks for it
	mkdir /var/tmp/hooks
	jq -n '{ version: "1.0.0", hook: { path: "/usr/libexec/thymus/thymus-hook", args: ["thymus-hook", "createRuntime"] },
		when: { always: true }, stages: ["createRuntime"] }' >/var/tmp/hooks/60-thymus.json
}

setup() {
	RUNTIME=/usr/sbin/thymus
	policy .
}
teardown() {
	chmod 644 /etc/thymus/thymus.json
	alice podman rm -f -t 0 -a >/dev/null 2>&1 || true
	none_watched
}
none_watched() { [ -z "$(find /run/thymus/containers -name state.json 2>/dev/null)" ]; }
some_watched() { ! none_watched; }

policy() { # JQ
	jq -n "{ mode: \"learn\", attach_timeout: 60 } | $1" >/etc/thymus/thymus.json
	chmod 644 /etc/thymus/thymus.json
}

alice() { # as she would from her own session
	(cd / && timeout 120 runuser -u alice -- env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/alice XDG_RUNTIME_DIR="/run/user/$SELF" \
		DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$SELF/bus" "$@")
}
her() { alice podman --runtime "$RUNTIME" "$@"; }
runs() { her run --rm --network none localhost/word /bin/sh -c 'echo out; echo err >&2; exit 3'; }

refused() { # WORDS
	[ "$status" -ne 0 ]
	[[ $output == *"$1"* ]]
	[[ $'\n'$output$'\n' != *$'\nout\n'* ]]
	alice podman rm -f -t 0 -a >/dev/null
}

life() { # all that is seen of one container's life
	her run -d --name web --network none localhost/word && her exec web /bin/ls /
	her exec web /bin/sh -c 'echo err >&2; exit 3' || echo "exec: $?"
	her pause web && her inspect web | jq '.[0].State | .Status, .Paused' && her unpause web
	her stats --no-stream --format '{{.Name}} {{.PIDs}}' web
	her restart -t 0 web && her exec web /bin/id && her stop -t 0 web && her inspect web | jq '.[0].State | .Status, .ExitCode'
	her start web && her rm -f -t 0 web && her ps -aq
	runs || echo "run: $?"
}
seen() { life 2>&1 | sed -E 's/[0-9a-f]{64}/ID/g; s/time="[^"]*"/TIME/'; }

@test "a container's life is the same under runc and under thymus that learns" {
	RUNTIME=/usr/sbin/runc seen >"$BATS_TEST_TMPDIR/plain"
	RUNTIME=/usr/sbin/thymus seen >"$BATS_TEST_TMPDIR/thymus"
	cat "$BATS_TEST_TMPDIR/plain"
	grep -qx 'run: 3' "$BATS_TEST_TMPDIR/plain"
	grep -qx 'exec: 3' "$BATS_TEST_TMPDIR/plain"
	diff "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/thymus"
}

@test "also where the policy says auto or off, and where root said enforce for the host's own containers" {
	local mode
	for mode in auto off; do
		policy ".mode = \"$mode\""
		run runs
		[ "$status" -eq 3 ]
		[ "$output" = $'out\nerr' ] || [ "$output" = $'err\nout' ]
	done
	policy .
	thymus mode enforce --all
	run runs
	thymus mode default --all
	[ "$status" -eq 3 ]
}

@test "where her log can be written, it says that nobody watches" {
	policy '.folders.log = "/home/alice/log"'
	run runs
	[ "$status" -eq 3 ]
	[ "$(jq -r .message /home/alice/log/events.jsonl)" = "user $SELF is not root: the container is not watched" ]
}

@test "a policy that enforces: refused in one sentence" {
	policy '.mode = "enforce"'
	run runs
	refused "user $SELF is not root, and nobody could enforce what this container does"
}

@test "a policy that she cannot read: refused with the remedy, which works; what runs already can be ended" {
	her run -d --name web --network none localhost/word
	chmod 600 /etc/thymus/thymus.json
	run runs
	refused "user $SELF cannot read the policy /etc/thymus/thymus.json, which may say enforce: chmod 644 /etc/thymus/thymus.json"
	run alice podman container exists web # refused() has ended it
	[ "$status" -eq 1 ]
	chmod 644 /etc/thymus/thymus.json
	run runs
	[ "$status" -eq 3 ]
}

@test "as hooks beside crun: without a word, or refused" {
	run alice podman --runtime /usr/bin/crun --hooks-dir /var/tmp/hooks run --rm --network none localhost/word /bin/echo out
	[ "$status" -eq 0 ]
	[ "$output" = out ]
	policy '.mode = "enforce"'
	run alice podman --runtime /usr/bin/crun --hooks-dir /var/tmp/hooks run --rm --network none localhost/word /bin/echo out
	echo "$output"
	[ "$status" -ne 0 ] # crun keeps the hook's words to itself
	[ "$output" != out ]
}

@test "root's own container, as a control, is watched" {
	podman import -q -c 'CMD ["/bin/sleep", "1000"]' /var/tmp/tree.tar localhost/word
	podman --runtime /usr/sbin/thymus run -d --name own --network none localhost/word
	wait_for 60 some_watched
	podman --runtime /usr/sbin/thymus rm -f -t 0 own
	wait_for 60 none_watched
}
