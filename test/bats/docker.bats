# bats file_tags=root,slow
# takes: 14 minutes
# SPDX-License-Identifier: GPL-2.0-or-later
# What Docker sees of us: nothing, until we stop a container.  Each test starts a dockerd of its own, see test/docker and
# docs/DOCKER.md.

setup() {
	cd "$BATS_TEST_DIRNAME/../docker"
	wrapper=$BATS_TEST_TMPDIR/wrapper
	runc=$(command -v runc)
}

write_wrapper() {
	printf '#!/bin/sh\n%s\nexec %s "$@"\n' "$1" "$runc" >"$wrapper"
	chmod +x "$wrapper"
}

@test "the differential test sees no difference between runc and a script that becomes runc" {
	write_wrapper :
	run ./differential.sh -s '^(run-detached|settle|inspect|process|stop|run-3)$' "$wrapper" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the differential test sees a changed exit status, and a file left behind" {
	# shellcheck disable=SC2016 # for the wrapper
	write_wrapper 'case " $* " in *" resume "*) exit 7 ;; *" delete "*) : >"$2/left" ;; esac'
	run ./differential.sh -s '^(run-detached|settle|pause|unpause|run-3)$' "$wrapper" 3>&-
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q '^not ok .*unpause' <<<"$output"
	grep -q '^not ok .*no files are left' <<<"$output"
	grep -q '^ok .*run-3' <<<"$output"
}

@test "Docker sees no difference between runc and thymus while it learns, nor when it enforces what it learned" {
	run ./differential.sh -t "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "Docker sees no difference where it remaps users" {
	run ./differential.sh -u -s '^(run-detached|settle|process|exec|exec-user|stop|remove|run-0|run-user|init-reaps|volume|program-on-file)$' -t "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "under Docker, a learned container's successor is frozen when attacked, and can be ended" {
	SECONDS_TO_LEARN=15 run ./enforce.sh "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "Docker's commands do with a frozen container what docs/DOCKER.md says" {
	run ./frozen.sh "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "nothing is left of containers that came and went through Docker, many at a time" {
	run ./leaks.sh -n 40 -w 30 -t "$THYMUS" 3>&- # -w: a busy host may need more than the 2 s of an idle one
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the test for leaks sees a file and a process that stay" {
	# shellcheck disable=SC2016 # for the wrapper
	write_wrapper 'case " $* " in *" delete --force "*) : >"$2/left-$$"; setsid sleep 60.$$ </dev/null >/dev/null 2>&1 3>&- & ;; esac'
	run ./leaks.sh -n 2 -w 2 "$wrapper" 3>&-
	echo "$output"
	[ "$status" -eq 1 ]
	grep -q '^not ok .*no files are left' <<<"$output"
	grep -q '^not ok .*no processes are left' <<<"$output"
	grep -q '^ok .*no bpffs are left' <<<"$output"
}

@test "under Docker, the same name and image are one workload, wherever and whenever" {
	run ./identity.sh "$THYMUS" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
}
