# shellcheck shell=bash disable=SC2034,SC2154
# For tests on the real runtime: a private instance of thymus, a tiny root file system, bundles.

# shellcheck source=test/wait.bash disable=SC1091
source "${BASH_SOURCE%/*}/../wait.bash"

instance() { # [KEY=JSON ...]: policy of this test in $POLICY; later words override
	W=$BATS_TEST_TMPDIR
	# an overlay's upper layer cannot lie on another overlay, which / is in many a test machine
	mountpoint -q "$W" || mount -t tmpfs -o mode=755 thymus-test "$W"
	POLICY=$W/policy.json
	local extra='{}' pair
	for pair in "$@"; do extra=$(jq --argjson v "${pair#*=}" --arg k "${pair%%=*}" '.[$k]=$v' <<<"$extra"); done
	jq -n --arg w "$W" --arg bpf "/sys/fs/bpf/thymus-test-$$" --argjson extra "$extra" '{
		folders: { profiles: ($w+"/profiles"), incidents: ($w+"/incidents"), run: ($w+"/run"), log: ($w+"/log"), bpf: $bpf },
		mode: "learn", budget: "600/hour", learn: { seconds: 1, calls: 100, starts: 1, stops: 0 }, prove: { seconds: 2 },
		annotations: { mode: ["off", "learn", "monitor", "enforce", "auto"], profile: ["*"] }
	} * $extra' >"$POLICY"
	chmod 600 "$POLICY"
	BPF=/sys/fs/bpf/thymus-test-$$
}

rt() { "$THYMUS" --thymus-policy "$POLICY" --root "$W/rt" "$@"; }   # as an engine calls it
th() { "$THYMUS" --thymus-policy "$POLICY" "$@"; }                  # as a person does
plain() { "${RUNC:-runc}" --root "$W/plain" "$@"; }                 # the control: no thymus

rootfs() { # once a file: busybox and the test programs
	R=$W/rootfs
	mkdir -p "$R"/{bin,proc,sys,dev,tmp,etc}
	cp /bin/busybox "$R/bin/busybox"
	local a
	for a in sh ls cat id sleep echo date true wget nc; do ln -sf busybox "$R/bin/$a"; done
	for a in server storm touch-proof; do cp "$INSIDE/$a" "$R/bin/"; done
	cp "$INSIDE/touch-proof" "$R/bin/learned" # the same program as another file
}

# $W/NAME, an overlay over the root file system.  IMAGE: another one; PLAIN: a copy of it, no overlay; CHANGE: a jq filter for
# config.json.
bundle() { # NAME ANNOTATIONS-JSON COMMAND...
	local name=$1 annotations=$2 b=$W/$1 R=${IMAGE:-$R}
	shift 2
	mkdir -p "$b/rootfs" "$b/upper" "$b/work"
	[ -z "${PLAIN:-}" ] || cp -a "$R/." "$b/rootfs/"
	[ -n "${PLAIN:-}" ] || mountpoint -q "$b/rootfs" || mount -t overlay thymus-test -o "lowerdir=$R,upperdir=$b/upper,workdir=$b/work" "$b/rootfs"
	(cd "$b" && rm -f config.json && runc spec)
	printf '%s\n' "$@" | jq -R . | jq -s . >"$b/args.json"
	jq --slurpfile args "$b/args.json" --argjson ann "$annotations" --arg cg "/thymus-test/$$-$(basename "$W")-$name" '
		.process.args = $args[0] | .process.terminal = false | .annotations = $ann | .root.readonly = false |
		.linux.cgroupsPath = $cg | '"${CHANGE:-.}" "$b/config.json" >"$b/config.new" && mv "$b/config.new" "$b/config.json"
}

profile_is() { # NAME MODE: annotations
	jq -cn --arg p "$1" --arg m "$2" '{"io.thymus.profile": $p, "io.thymus.mode": $m}'
}

container() { # ID FILTER: of `status --json`
	th status --json | jq -r --arg id "$1" ".containers[] | select(.id==\$id) | $2"
}

stopped() { [ "$(container "$1" .action)" = "${2:-freeze}" ]; }

cleanup_instance() { # ends what this test started, whatever state it is in
	local id b
	for id in $("${THYMUS:-false}" --thymus-policy "$POLICY" --root "$W/rt" list -q 2>/dev/null); do rt delete -f "$id" 2>/dev/null || true; done
	for id in $(plain list -q 2>/dev/null); do plain delete -f "$id" || true; done
	for b in "$W"/*/rootfs; do umount -l "$b" 2>/dev/null || true; done
	wait_for 10 no_monitor || true
	rm -rf "$BPF"
	umount -l "$W" 2>/dev/null || true
}

not() { ! "$@"; } # bats does not fail on a bare !

last_incident() { th incident show "$(th incident ls --json | jq -r ".[-1].id")" --json | jq -r "$1"; }

no_monitor() { [ -z "$(find "$W/run/containers" -name state.json 2>/dev/null)" ]; }
