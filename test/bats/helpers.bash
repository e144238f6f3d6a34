# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# Where thymus is, a policy that keeps everything in the test's own folder, and a runtime that only
# says how it was called.

bats_require_minimum_version 1.5.0
: "${THYMUS:=$BATS_TEST_DIRNAME/../../build/plain/thymus}"
FAKE=$BATS_TEST_DIRNAME/fake-runc

policy() { # [JQ]: changes the policy
	jq -n --arg top "$BATS_TEST_TMPDIR" --arg fake "$FAKE" '{
		delegate: $fake,
		folders: { profiles: ($top + "/profiles"), incidents: ($top + "/incidents"),
			run: ($top + "/run"), log: ($top + "/log"), bpf: ($top + "/bpf") } }
		| '"${1:-.}" >"$BATS_TEST_TMPDIR/policy.json"
	chmod 600 "$BATS_TEST_TMPDIR/policy.json"
}

thymus() {
	run --separate-stderr "$THYMUS" --thymus-policy "$BATS_TEST_TMPDIR/policy.json" "$@"
	# bats prints this on failure only
	printf 'thymus %s (status=%s)\n%s\n%s\n' "$*" "$status" "$output" "$stderr"
}

# bundle [JQ]: $BUNDLE/config.json, as engines write it: on one line
bundle() {
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	mkdir -p "$BUNDLE/rootfs"
	jq -nc '{ ociVersion: "1.0.2-dev", process: { args: ["/bin/sh"], cwd: "/" }, root: { path: "rootfs" },
		linux: { namespaces: [ { type: "mount" } ] } } | '"${1:-.}" >"$BUNDLE/config.json"
}

config() { # JQ: of the bundle
	jq -r "$1" "$BUNDLE/config.json"
}

# Under CI a skipped test is a failed one: a run that skips all must not be green.
if [[ -n ${THYMUS_TEST_STRICT:-} ]]; then
	skip() { echo "skipped in strict mode: $*" >&2; return 1; }
fi
