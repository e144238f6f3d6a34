# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tap.bash - what the engines' tests have in common.  To be sourced.

# shellcheck source=test/wait.bash disable=SC1091
source "${BASH_SOURCE%/*}/wait.bash"

count=0 failed=0
tap() { # STATUS TITLE [FILE with the reason]
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count $2"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count $2"
	[ -z "${3:-}" ] || sed 's/^/#   /' "$3" | head -n 40
}

is() { # TITLE ONE OTHER: neither is empty
	[ -n "$2" ] && [ "$2" = "$3" ]
	tap $? "$1: $3"
}
is_not() { # likewise
	[ -n "$2" ] && [ -n "$3" ] && [ "$2" != "$3" ]
	tap $? "$1: $3"
}

# What of a process must not depend on the runtime.
process_facts() { # PID FIELDS (of /proc/PID/status: an extended regular expression)
	local name
	grep -E "^($2)" "/proc/$1/status"
	cat "/proc/$1/oom_score_adj" "/proc/$1/limits"
	tr '\0' '\n' <"/proc/$1/environ" | sort
	for name in cgroup ipc mnt net pid user uts; do
		if [ "/proc/$1/ns/$name" -ef "/proc/self/ns/$name" ]; then
			echo "$name is the host's"
		else
			echo "$name is its own"
		fi
	done
	for name in "/proc/$1"/fd/*; do
		echo "fd ${name##*/} $(readlink "$name" | sed 's/[0-9]\{2,\}/N/g')"
	done
}
