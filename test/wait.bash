# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# wait.bash - to be sourced.

wait_for() { # SECONDS COMMAND...: until it succeeds; what it prints is not heard
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || { echo "never so: $*" >&2; return 1; }
		sleep 0.1
	done
}
