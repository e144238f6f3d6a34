# bats file_tags=root,slow
# takes: 2 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# CRI-O by its contract: conmon, containers-storage, annotations, hooks.  See test/crio.

setup() {
	: "${THYMUS:=$BATS_TEST_DIRNAME/../../build/plain/thymus}" "${INSIDE:=$BATS_TEST_DIRNAME/../../build/plain/test/inside}"
	export THYMUS INSIDE
	cd "$BATS_TEST_DIRNAME/../crio" || return
}

@test "CRI-O's calls: thymus in front of runc learns like runc, obeys admitted annotations only, and freezes an attack" {
	run ./contract.sh shim runc 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "CRI-O's calls: thymus as hooks of runc does so, too" {
	run ./contract.sh hooks runc 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "CRI-O's calls: another exit status of exec is seen" {
	printf '#!/bin/sh\ncase " $* " in *" exec "*) exit 7 ;; esac\nexec %s "$@"\n' "$THYMUS" >"$BATS_TEST_TMPDIR/thymus"
	ln -s "$(dirname "$(realpath "$THYMUS")")/thymus-hook" "$BATS_TEST_TMPDIR/thymus-hook"
	chmod +x "$BATS_TEST_TMPDIR/thymus"
	THYMUS=$BATS_TEST_TMPDIR/thymus LIFE_ONLY=1 run ./contract.sh shim runc 3>&-
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q '^not ok 1 CRI-O sees no difference' <<<"$output"
	grep -q '^ok 2 ' <<<"$output"
}
