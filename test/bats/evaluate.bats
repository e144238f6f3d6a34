#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts/evaluate on made-up traces: loops over a few "functions" of calls, and attacks that put
# calls in between.

: "${TOOLS:=$BATS_TEST_DIRNAME/../../build/plain/test/tools}"
export EVALUATE=$TOOLS/evaluate

setup() {
	set=$BATS_TEST_TMPDIR/set.tsv
}

# made ODD: 60 train, 60 val and 40 attack traces; every ODDth call of an attack is any call, 0: none.
made() {
	awk -v odd="$1" '
	function next_number(n) { seed = (seed * 75 + 74) % 65537; return seed % n }
	function trace(kind, every,    i, j, f, text) {
		text = ""
		for (i = 0; i < 60; i++) {
			f = next_number(12)
			for (j = 0; j < 5; j++)
				text = text " " (every && (i * 5 + j) % every == 7 ? next_number(300) : f * 11 + j * (f + 1))
		}
		printf "%s\tnormal\t-\t%s%d\t%s\n", kind, kind, ++number, substr(text, 2)
	}
	BEGIN {
		seed = 42
		for (n = 0; n < 60; n++) trace("train", 0)
		for (n = 0; n < 60; n++) trace("val", 0)
		for (n = 0; n < 40; n++) trace("attack", odd)
	}'
}

evaluate() {
	run "$BATS_TEST_DIRNAME/../../scripts/evaluate" "$@"
	echo "evaluate $* (status=$status)"$'\n'"$output" # bats prints this on failure only
}

@test "attacks that put odd calls into known runs are told from normal use" {
	made 9 >"$set"
	evaluate "$set"
	[ "$status" -eq 0 ]
	[[ $output =~ ^auc=(0\.9[0-9]{2}|1\.000)\ dr@0\.5=[0-9.]+\ dr@1=[0-9.]+\ dr@5=[0-9.]+\ dr@10=[0-9.]+\ dr@20=[0-9.]+$ ]]
}

@test "a compressed set gives the same line" {
	made 9 >"$set"
	evaluate "$set"
	plain=$output
	gzip "$set"
	evaluate "$set.gz"
	[ "$status" -eq 0 ]
	[ "$output" = "$plain" ]
}

@test "attacks that are nothing but normal use fall below the guard" {
	made 0 >"$set"
	evaluate "$set"
	[ "$status" -eq 1 ]
	[[ $output == auc=0.* ]]
}

@test "what is no set of traces is refused with a sentence" {
	made 9 | sed '3s/^train/trian/' >"$set"
	evaluate "$set"
	[ "$status" -eq 2 ]
	[[ $output == *'"trian", must be train, val or attack'* ]]
	made 9 | sed '3s/ [0-9]*$/ x/' >"$set"
	evaluate "$set"
	[ "$status" -eq 2 ]
	[[ $output == *'is no number of a call'* ]]
	made 9 | grep -v ^attack >"$set"
	evaluate "$set"
	[ "$status" -eq 2 ]
	[[ $output == *'no attack line'* ]]
	evaluate "$BATS_TEST_TMPDIR/absent.tsv"
	[ "$status" -eq 2 ]
}
