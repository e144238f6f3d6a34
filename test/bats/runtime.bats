#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Between an engine and its runtime: what engines really send must arrive, and bundles must be read
# as the runtime will read them.

load helpers

setup() {
	policy
	bundle
}

called_with() {
	[ "$output" = "runc: $1" ]
}

# ---- the command line -------------------------------------------------------------------------

@test "a command that is not ours reaches the runtime word for word" {
	thymus --root /run/x --log "$BATS_TEST_TMPDIR/log.json" --log-format json state 'a b' ''
	[ "$status" -eq 0 ]
	called_with "[--root] [/run/x] [--log] [$BATS_TEST_TMPDIR/log.json] [--log-format] [json] [state] [a b] []"
	[ ! -e "$BATS_TEST_TMPDIR/log.json" ]
}

@test "flags that we do not know pass on, before and behind the command" {
	thymus --new --newer value kill --newest web1 KILL
	[ "$status" -eq 0 ]
	called_with "[--new] [--newer] [value] [kill] [--newest] [web1] [KILL]"
}

@test "flags of thymus are taken out, in both forms" {
	thymus --root /r --thymus-mode=off --thymus-runtime "$FAKE" start web1
	called_with "[--root] [/r] [start] [web1]"
}

@test "flags of thymus stay where they belong to the container" {
	thymus exec web1 sh -c --thymus-mode off
	called_with "[exec] [web1] [sh] [-c] [--thymus-mode] [off]"
}

# bats test_tags=root
@test "a bundle is found behind --flag value, --flag=value and -b, before and behind the ID" {
	for words in "create --bundle $BUNDLE web1" "create --bundle=$BUNDLE web1" "create -b $BUNDLE web1" \
		"run web1 --bundle $BUNDLE" "--debug restore -b=$BUNDLE --pid-file /x web1"; do
		bundle
		# shellcheck disable=SC2086 # words
		thymus $words
		[ "$status" -eq 0 ]
		[ "$(config '.hooks.createRuntime | length')" -eq 1 ]
	done
}

@test "a value that looks like a command is not one" {
	cd "$BUNDLE"
	thymus --log create state web1
	called_with "[--log] [create] [state] [web1]"
	[ "$(config .hooks)" = null ]
}

# bats test_tags=root
@test "without --bundle the current folder is the bundle" {
	cd "$BUNDLE"
	thymus create web1
	[ "$status" -eq 0 ]
	[ "$(config '.hooks.createRuntime | length')" -eq 1 ]
}

# ---- what engines rely on ---------------------------------------------------------------------

@test "the runtime is found with no PATH and no HOME, and XDG_RUNTIME_DIR empty" {
	cd /
	run env -i XDG_RUNTIME_DIR= "$THYMUS" --thymus-policy "$BATS_TEST_TMPDIR/policy.json" kill web1 9
	[ "$status" -eq 0 ]
	called_with "[kill] [web1] [9]"
}

@test "where the policy names no runtime, it is looked for in the usual folders only" {
	local name found=
	for name in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
		[ ! -x "$name/runc" ] && [ ! -x "$name/crun" ] || found=yes
	done
	[ -n "$found" ] || skip "no runtime is installed"
	policy 'del(.delegate)'
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho wrong\n' >"$BATS_TEST_TMPDIR/bin/runc"
	chmod 755 "$BATS_TEST_TMPDIR/bin/runc"
	run env -i PATH="$BATS_TEST_TMPDIR/bin" HOME="$BATS_TEST_TMPDIR" "$THYMUS" --thymus-policy \
		"$BATS_TEST_TMPDIR/policy.json" --version
	[ "$status" -eq 0 ]
	[[ $output == run*" version "*$'\n'"thymus: "* ]]
}

@test "environment, standard input and further descriptors arrive" {
	run env -i A=b FAKE_SHOW="env stdin fd3" "$THYMUS" --thymus-policy "$BATS_TEST_TMPDIR/policy.json" \
		update --resources - web1 <<<'{"memory":{}}' 3<<<third
	[[ $output == "runc: [update] [--resources] [-] [web1]"* ]]
	[[ $output == *'stdin: {"memory":{}}'* ]]
	[[ $output == *"fd3: third"* ]]
	[ "$(grep -c = <<<"$output")" -le 5 ] # A, FAKE_SHOW, and what sh and env set themselves
}

@test "thymus becomes the runtime: same process, its name, its exit status, its words" {
	FAKE_SHOW="name pid" "$THYMUS" --thymus-policy "$BATS_TEST_TMPDIR/policy.json" start web1 \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	wait "$pid"
	grep -qx "pid: $pid" "$BATS_TEST_TMPDIR/out"
	grep -qx "name: $FAKE" "$BATS_TEST_TMPDIR/out"
	FAKE_EXIT=42 FAKE_STDERR='exec: "nope": executable file not found in $PATH' thymus start web1
	[ "$status" -eq 42 ]
	[ "$stderr" = 'exec: "nope": executable file not found in $PATH' ]
}

@test "nothing but the runtime's own words is on standard output of create, run, exec and ps" {
	for words in "create -b $BUNDLE web1" "run -b $BUNDLE web1" "exec web1 sh" "ps --format json web1"; do
		# shellcheck disable=SC2086 # words
		thymus $words
		[ "$(wc -l <<<"$output")" -eq 1 ]
		[[ $output == runc:* ]]
		[ -z "$stderr" ]
	done
}

@test "delete --force of a container that is gone ends as the runtime ends" {
	thymus --root "$BATS_TEST_TMPDIR/root" delete web1
	[ "$status" -eq 0 ]
	thymus --root "$BATS_TEST_TMPDIR/root" delete --force web1
	[ "$status" -eq 0 ]
	called_with "[--root] [$BATS_TEST_TMPDIR/root] [delete] [--force] [web1]"
}

@test "nothing of ours is in the runtime's --root" {
	mkdir "$BATS_TEST_TMPDIR/root"
	thymus --root "$BATS_TEST_TMPDIR/root" create -b "$BUNDLE" web1
	thymus --root "$BATS_TEST_TMPDIR/root" delete --force web1
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/root")" ]
}

@test "--version says the runtime's, and below it ours, without the word that Docker looks for" {
	FAKE_EXIT=0 thymus --version
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "runc: [--version]" ]
	[[ ${lines[1]} == "thymus: "* && ${lines[1]} != *version* ]]
	thymus --root /x -v
	[ "${lines[0]}" = "runc: [--version]" ]
}

@test "--help and no words at all show the runtime's help, then our commands" {
	for words in --help ""; do
		# shellcheck disable=SC2086 # words
		thymus $words
		[ "$status" -eq 0 ]
		[[ $output == "runc: [--help]"*"usage: thymus"*status*mode*profile*incident*release*replay* ]]
	done
}

@test "no command of ours is one of the runtimes'" {
	local runtime theirs="checkpoint create delete events exec features help kill list mounts pause ps restore
		resume run spec start state update"
	for runtime in /usr/sbin/runc /usr/bin/runc /usr/bin/crun; do
		[ ! -x "$runtime" ] || theirs+=" $("$runtime" --help | awk '/^ +[a-z]/ { print $1 }' | tr -d ,)"
	done
	FAKE_EXIT=0 thymus --help
	ours=$(awk '/^  [a-z]/ { print $1 }' <<<"$output")
	[ "$(wc -l <<<"$ours")" -ge 6 ]
	for verb in $ours; do
		echo "is $verb one of $theirs?"
		if grep -qw -- "$verb" <<<"$theirs"; then return 1; fi
	done
}

@test "a runtime that is missing is named, with status 1 and in the engine's log" {
	thymus --thymus-runtime /nonexistent --log "$BATS_TEST_TMPDIR/log.json" --log-format json state web1
	[ "$status" -eq 1 ]
	[ "$stderr" = "thymus: cannot start runtime /nonexistent: No such file or directory" ]
	[ "$(jq -r .level "$BATS_TEST_TMPDIR/log.json")" = error ]
}

@test "thymus is never its own runtime, nor is a copy of it" {
	thymus --thymus-runtime "$THYMUS" state web1
	[ "$status" -eq 1 ]
	[[ $stderr == *"is thymus itself"* ]]
	cp "$THYMUS" "$BATS_TEST_TMPDIR/runc"
	thymus --thymus-runtime "$BATS_TEST_TMPDIR/runc" state web1
	[ "$status" -eq 1 ]
	[[ $stderr == *"is thymus itself"* ]]
	thymus --thymus-runtime runc state web1
	[ "$status" -eq 1 ]
	[[ $stderr == *"absolute path"* ]]
}

# ---- the bundle -------------------------------------------------------------------------------

# bats test_tags=root
@test "create adds one hook to each of two stages, first in line, and keeps all else" {
	bundle '.hooks.createRuntime = [ { path: "/other" } ] | .["x-new"] = "NUMBERS"'
	sed -i 's/"NUMBERS"/{ "a": 1.50, "b": 12345678901234567890 }/' "$BUNDLE/config.json" # jq rounds
	chmod 640 "$BUNDLE/config.json"
	thymus create -b "$BUNDLE" web1
	called_with "[create] [-b] [$BUNDLE] [web1]"
	[ "$(config '.hooks.createRuntime | map(.path | split("/")[-1]) | join(" ")')" = "thymus-hook other" ]
	[ "$(config '.hooks.createRuntime[0].args | join(" ")')" = \
		"thymus-hook createRuntime --policy $BATS_TEST_TMPDIR/policy.json --bundle $BUNDLE" ]
	[ "$(config '.hooks.poststop[0].args[1]')" = poststop ]
	[ "$(config '.hooks.poststop[0].timeout')" = 15 ]
	[ "$(config 'has("x-new") and .ociVersion == "1.0.2-dev"')" = true ]
	grep -q '"b":12345678901234567890' "$BUNDLE/config.json"
	grep -q '"a":1.50' "$BUNDLE/config.json"
	[ "$(stat -c %a "$BUNDLE/config.json")" = 640 ]
	[ "$(ls -A "$BUNDLE")" = $'config.json\nrootfs' ]
}

# bats test_tags=root
@test "the runtime waits for the hook longer than the hook waits for the monitor" {
	policy '.attach_timeout = 60'
	bundle
	thymus create --bundle "$BUNDLE" c1
	[ "$(config '.hooks.createRuntime[0].timeout')" = 65 ]
}

# bats test_tags=root
@test "the hook hears of --root and of the mode only where they were given" {
	thymus --root /run/r --thymus-mode learn create -b "$BUNDLE" web1
	[ "$(config '.hooks.createRuntime[0].args[4:] | join(" ")')" = "--root /run/r --bundle $BUNDLE --mode learn" ]
	called_with "[--root] [/run/r] [create] [-b] [$BUNDLE] [web1]"
}

# bats test_tags=root
@test "a policy that was named from here is told to the hook from anywhere" {
	cd "$BATS_TEST_TMPDIR"
	run "$THYMUS" --thymus-policy ./policy.json create -b "$BUNDLE" web1
	[ "$status" -eq 0 ]
	[ "$(config '.hooks.createRuntime[0].args[3]')" = "$BATS_TEST_TMPDIR/policy.json" ]
}

@test "a bundle created twice, or written anew and created again, is the same bytes" {
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/original"
	thymus create -b "$BUNDLE" web1
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/once"
	ino=$(stat -c %i "$BUNDLE/config.json")
	thymus create -b "$BUNDLE" web1
	cmp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/once"
	[ "$(stat -c %i "$BUNDLE/config.json")" = "$ino" ]
	cp "$BATS_TEST_TMPDIR/original" "$BUNDLE/config.json"
	thymus run -b "$BUNDLE" web1
	cmp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/once"
}

# bats test_tags=root
@test "of config.json only the hooks change: podman's inspect and runc's state show what else is in it" {
	jq -S 'del(.hooks)' "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/original"
	thymus create -b "$BUNDLE" web1
	[ "$(config '.hooks | has("createRuntime")')" = true ]
	jq -S 'del(.hooks)' "$BUNDLE/config.json" | cmp - "$BATS_TEST_TMPDIR/original"
}

@test "where the mode is off, the bundle stays as it is" {
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/original"
	thymus --thymus-mode off create -b "$BUNDLE" web1
	called_with "[create] [-b] [$BUNDLE] [web1]"
	cmp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/original"
	policy '.mode = "off"'
	thymus create -b "$BUNDLE" web1
	cmp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/original"
}

# bats test_tags=root
@test "where the policy says off but someone may say otherwise, the hook is there to ask" {
	policy '.mode = "off" | .annotations = { mode: ["learn"] }'
	bundle '.annotations = { "io.thymus.mode": "learn" }'
	thymus create -b "$BUNDLE" web1
	[ "$(config '.hooks.createRuntime | length')" = 1 ]
	policy '.mode = "off"'
	bundle
	mkdir "$BATS_TEST_TMPDIR/run"
	echo '{"names":{"web":{"mode":"enforce","until":0}}}' >"$BATS_TEST_TMPDIR/run/mode.json"
	thymus create -b "$BUNDLE" web1
	[ "$(config '.hooks.createRuntime | length')" = 1 ]
}

@test "without an ID, or for help, the runtime speaks and nothing is touched" {
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/original"
	thymus create -b "$BUNDLE"
	called_with "[create] [-b] [$BUNDLE]"
	thymus create --help
	called_with "[create] [--help]"
	cmp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/original"
}

# refused WORDS: create fails, says so to both, and the runtime is not called
refused() {
	rm -f "$BATS_TEST_TMPDIR/log.json"
	thymus --log "$BATS_TEST_TMPDIR/log.json" --log-format json "${mode[@]}" create -b "$BUNDLE" web1
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[[ $stderr == "thymus: "*"$1"* ]]
	[[ $(jq -r .msg "$BATS_TEST_TMPDIR/log.json") == *"$1"* ]]
	[ "$(jq -r .level "$BATS_TEST_TMPDIR/log.json")" = error ]
	jq -r .time "$BATS_TEST_TMPDIR/log.json" | grep -qE '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$'
}

# passed WORDS: create goes on without us, silently, and the journal knows
passed() {
	rm -rf "$BATS_TEST_TMPDIR/log"
	thymus create -b "$BUNDLE" web1
	[ "$status" -eq 0 ]
	called_with "[create] [-b] [$BUNDLE] [web1]"
	[ -z "$stderr" ]
	[ "$(jq -r '.type + " " + .container' "$BATS_TEST_TMPDIR/log/events.jsonl")" = "error web1" ]
	[[ $(jq -r .message "$BATS_TEST_TMPDIR/log/events.jsonl") == *"$1"* ]]
	[ "$(jq '.when > 1600000000' "$BATS_TEST_TMPDIR/log/events.jsonl")" = true ]
}

@test "a document that two readers could read differently is refused in every mode" {
	while IFS='|' read -r text words; do
		printf '%b' "$text" >"$BUNDLE/config.json"
		for mode in off learn monitor enforce auto; do
			mode=(--thymus-mode "$mode")
			refused "$words"
		done
		[ "$(cat "$BUNDLE/config.json")" = "$(printf '%b' "$text")" ]
	done <<-'END'
		{"root":{"path":"a","path":"b"}}|key "path" appears twice in "root"
		{"root":{"path":"a"},"Root":{"path":"b"}}|key "Root" is "root" to some readers
		{"process":{"noNewPrivileges":true,"noNewPrivilege\0305\0277":false}}|write "noNewPrivileges"
		{"root":{"path":"a\\u0000b"}}|NUL
		{"root":{"path":"a\\ud800b"}}|half a character
		{"root":{"path":"\0377"}}|not UTF-8
		{/*"*/"root":{}}|not JSON
		{"root":{}} {}|not JSON
		not even json|not JSON
		[]|not an object
		{"hooks":{"createRuntime":{}}}|hooks.createRuntime is not an array
	END
	printf '{"a":%s%s}' "$(printf '[%.0s' {1..70})" "$(printf ']%.0s' {1..70})" >"$BUNDLE/config.json"
	mode=()
	refused "nested deeper than 64"
}

@test "keys that differ in case only are legal where the schema has none" {
	bundle '.annotations = { A: "1", a: "2" } | .linux.sysctl = { "net.X": "1", "net.x": "1" }'
	thymus create -b "$BUNDLE" web1
	[ "$status" -eq 0 ]
	[ "$(config '.annotations.A + .annotations.a')" = 12 ]
}

# bats test_tags=root
@test "several MiB of environment and thousands of annotations are legal" {
	bundle '.process.env = [ range(20000) | "V\(.)=" + ("x" * 200) ]
		| .annotations = ([ range(5000) | { key: "k\(.)", value: "v" } ] | from_entries)'
	thymus create -b "$BUNDLE" web1
	[ "$status" -eq 0 ]
	[ "$(config '.process.env | length')" = 20000 ]
	[ "$(config '.hooks.poststop | length')" = 1 ]
}

# each_odd CHECK: what may lie in the place of config.json
each_odd() {
	rm "$BUNDLE/config.json"
	"$1" "No such file or directory"
	mkfifo "$BUNDLE/config.json"
	"$1" "is not a regular file"
	rm "$BUNDLE/config.json"
	mkdir "$BUNDLE/config.json"
	"$1" "is not a regular file"
	rmdir "$BUNDLE/config.json"
	echo '{}' >"$BATS_TEST_TMPDIR/elsewhere"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" "$BUNDLE/config.json"
	"$1" "is a symbolic link"
	[ "$(cat "$BATS_TEST_TMPDIR/elsewhere")" = '{}' ]
}

@test "a config.json that is missing, a FIFO, a folder or a link fails what is to be enforced" {
	mode=(--thymus-mode enforce)
	each_odd refused
}

@test "the same is recorded, and left to the runtime, where nothing is enforced" {
	each_odd passed
}

@test "the mode of the policy decides where no flag does" {
	policy '.mode = "enforce"'
	mode=()
	each_odd refused
	policy '.mode = "monitor"'
	bundle
	mkdir "$BATS_TEST_TMPDIR/empty"
	BUNDLE=$BATS_TEST_TMPDIR/empty
	passed "No such file or directory"
}

@test "a record that cannot be written stops nothing" {
	policy '.folders.log = "/proc/nonexistent"'
	rm "$BUNDLE/config.json"
	thymus create -b "$BUNDLE" web1
	[ "$status" -eq 0 ]
	called_with "[create] [-b] [$BUNDLE] [web1]"
}

# bats test_tags=root
@test "a document other than config.json is not enforced" {
	thymus --thymus-mode enforce create -b "$BUNDLE" --config other.json web1
	[ "$status" -eq 1 ]
	[[ $stderr == *"--config other.json"* ]]
	thymus --thymus-mode enforce create -b "$BUNDLE" --config config.json web1 # what crun takes without the flag
	called_with "[create] [-b] [$BUNDLE] [--config] [config.json] [web1]"
	[ "$(config '.hooks.createRuntime | length')" = 1 ]
}

# bats test_tags=root
@test "a config.json of another owner than its folder's is not read; owners are kept" {
	chown 1234:1235 "$BUNDLE/config.json"
	mode=(--thymus-mode enforce)
	refused "belongs to uid 1234, its folder to uid 0"
	chown 1234 "$BUNDLE"
	thymus create -b "$BUNDLE" web1
	[ "$status" -eq 0 ]
	[ "$(stat -c %u:%g "$BUNDLE/config.json")" = 1234:1235 ]
	chown 0:0 "$BUNDLE/config.json" # as podman has it where users are remapped
	thymus "${mode[@]}" create -b "$BUNDLE" web1
	[ "$status" -eq 0 ]
	[ "$(stat -c %u:%g "$BUNDLE/config.json")" = 0:0 ]
	[ "$(config '.hooks.createRuntime | length')" = 1 ]
}

# ---- failing ----------------------------------------------------------------------------------

@test "the engine's log gets a line in its own format, appended" {
	echo first >"$BATS_TEST_TMPDIR/log.txt"
	echo '{"root":1}' >"$BUNDLE/config.json"
	thymus --log "$BATS_TEST_TMPDIR/log.txt" create -b "$BUNDLE" web1
	[ "$status" -eq 1 ]
	[ "$(head -1 "$BATS_TEST_TMPDIR/log.txt")" = first ]
	tail -n +2 "$BATS_TEST_TMPDIR/log.txt" |
		grep -qE '^time="20[^"]*Z" level=error msg=".*/config.json: root is not an object"$'
	[ "$(wc -l <"$BATS_TEST_TMPDIR/log.txt")" -eq 2 ]
}

@test "a FIFO in the place of the engine's log is left alone" {
	mkfifo "$BATS_TEST_TMPDIR/log"
	echo '[]' >"$BUNDLE/config.json"
	run timeout 10 "$THYMUS" --thymus-policy "$BATS_TEST_TMPDIR/policy.json" \
		--log "$BATS_TEST_TMPDIR/log" create -b "$BUNDLE" web1
	[ "$status" -eq 1 ]
}

@test "a policy that cannot be read starts nothing, and stops nobody from stopping" {
	echo '{"mode":"enfroce"}' >"$BATS_TEST_TMPDIR/policy.json"
	for words in "create -b $BUNDLE web1" "run -b $BUNDLE web1" "restore -b $BUNDLE web1" "exec web1 sh"; do
		# shellcheck disable=SC2086 # words
		thymus --thymus-runtime "$FAKE" --log "$BATS_TEST_TMPDIR/log.json" --log-format json $words
		case $words in exec*) [ "$status" -eq 255 ] ;; *) [ "$status" -eq 1 ] ;; esac # as runc's own failures
		[ -z "$output" ]
		[[ $stderr == *"policy.json"*enfroce* ]]
	done
	[ "$(jq -s length "$BATS_TEST_TMPDIR/log.json")" = 4 ]
	for words in "kill web1 9" "delete --force web1" "state web1" "pause web1" "resume web1" "start web1" \
		"update web1" "ps web1" "list"; do
		# shellcheck disable=SC2086 # words
		thymus --thymus-runtime "$FAKE" $words
		[ "$status" -eq 0 ]
		[[ $output == runc:* ]]
	done
}

@test "a policy that others may write is not obeyed" {
	chmod 666 "$BATS_TEST_TMPDIR/policy.json"
	thymus create -b "$BUNDLE" web1
	[ "$status" -eq 1 ]
	[[ $stderr == *"can be written by others"* ]]
}

@test "commands of ours fail with 2 where the policy cannot be read, but mode and release go on" {
	chmod 666 "$BATS_TEST_TMPDIR/policy.json"
	thymus status
	[ "$status" -eq 2 ]
	thymus release no-such-container
	[[ $stderr == *"can be written by others"*"going on with the built-in policy"* ]]
}

@test "--policy behind a command of ours is the same as --thymus-policy" {
	for words in "--policy $BATS_TEST_TMPDIR/policy.json" "--policy=$BATS_TEST_TMPDIR/policy.json"; do
		# shellcheck disable=SC2086 # words
		run "$THYMUS" status $words --json
		[ "$status" -eq 0 ]
		[ "$(jq -r '.containers | length' <<<"$output")" = 0 ]
	done
	run "$THYMUS" status --policy
	[ "$status" -eq 2 ]
	[[ $output == *"--policy needs a value"* ]]
}

@test "an unknown mode starts nothing where it counts, and a slip in the flags lets containers end" {
	thymus --thymus-mode enfroce create -b "$BUNDLE" web1
	[ "$status" -eq 1 ]
	[[ $stderr == *"--thymus-mode"*enfroce* ]]
	thymus --thymus-moed enforce create -b "$BUNDLE" web1
	[ "$status" -eq 1 ]
	[[ $stderr == *"--thymus-moed is unknown; there is: --thymus-policy --thymus-runtime --thymus-mode"* ]]
	thymus --thymus-moed enforce delete --force web1
	[ "$status" -eq 0 ]
	called_with "[delete] [--force] [web1]"
}

# ---- what thymus froze ------------------------------------------------------------------------

frozen() { # ROOT ID ACTION
	local folder
	folder=$BATS_TEST_TMPDIR/run/containers/$(printf '%s\0%s' "$1" "$2" | sha256sum | cut -c1-16)
	mkdir -p "$folder"
	jq -n --arg root "$1" --arg id "$2" --arg action "$3" \
		'{ id: $id, root: $root, action: $action, incident: "i-7" }' >"$folder/state.json"
}

@test "exec into, pause and resume of a frozen container are refused, all else passes" {
	frozen /r web1 freeze
	for words in "exec web1 sh" "exec -d --process /p web1" "pause web1" "resume web1"; do
		# shellcheck disable=SC2086 # words
		thymus --root /r $words
		[ "$status" -ne 0 ]
		[ "$stderr" = "thymus: frozen by incident i-7; thymus release web1" ]
		[ -z "$output" ]
	done
	for words in "kill web1 9" "delete --force web1" "state web1" "start web1"; do
		# shellcheck disable=SC2086 # words
		thymus --root /r $words
		[ "$status" -eq 0 ]
	done
}

@test "another engine's container of the same ID is not the frozen one" {
	frozen /r web1 freeze
	frozen "" web2 freeze
	for words in "--root /other exec web1 sh" "exec web1 sh" "--root /r exec web2 sh"; do
		# shellcheck disable=SC2086 # words
		thymus $words
		[ "$status" -eq 0 ]
	done
	thymus exec web2 sh
	[ "$status" -eq 255 ]
}

@test "what was released runs on" {
	frozen /r web1 ""
	thymus --root /r exec web1 sh
	[ "$status" -eq 0 ]
}

@test "what the hook cannot read fails what is to be enforced, and is recorded where nothing is" {
	local hook=${THYMUS%thymus}thymus-hook state
	state=$(jq -nc --arg b "$BATS_TEST_TMPDIR/nowhere" '{ociVersion: "1.0.2", id: "web1", status: "creating", pid: 1, bundle: $b}')
	policy '.mode = "enforce"'
	run "$hook" createRuntime --policy "$BATS_TEST_TMPDIR/policy.json" <<<"$state"
	[ "$status" -eq 1 ]
	[[ $output == *"/nowhere/config.json"* ]]
	policy '.mode = "monitor"'
	run "$hook" createRuntime --policy "$BATS_TEST_TMPDIR/policy.json" <<<"$state"
	[ "$status" -eq 0 ]
	grep -q 'nowhere/config.json' "$BATS_TEST_TMPDIR/log/events.jsonl"
	run "$hook" createRuntime --policy "$BATS_TEST_TMPDIR/policy.json" --mode enforce <<<"$state"
	[ "$status" -eq 1 ]
	# the bundle that the runtime was given counts, whatever it tells its hooks (crun with a user namespace: "/")
	policy '.mode = "enforce"'
	run "$hook" createRuntime --policy "$BATS_TEST_TMPDIR/policy.json" --bundle "$BUNDLE" <<<"$state"
	[[ $output != *"/nowhere/"* ]]
}
