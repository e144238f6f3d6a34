# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# frozen.bash - what an engine's commands do with a container that thymus froze: the rows of a table, tried one by one.  To be
# sourced, after tap.bash.
#
# A row is a line of fields parted by tabs: COMMAND, regular expressions for its exit status and for what it prints, what that
# means for a person, and what ends the container: `-` it stays, or a word for ended().  test/frozen-table makes the table of the
# documentation from it.  Who sources this defines
#
#	is_frozen        is the container?
#	ended WORD       has it come to that end?
#	freeze_anew      remove what is left of the container, begin another and freeze it
#	before_row       what must be done before each command (may be left out)

before_row() { :; }

row() { # COMMAND STATUS WORDS END
	local said rc begun=$SECONDS
	before_row
	said=$(eval "timed $1" 2>&1 </dev/null | tr -d '\0'; exit "${PIPESTATUS[0]}")
	rc=$?
	[[ $rc =~ ^($2)$ ]] && grep -qE -- "$3" <<<"$said"
	tap $? "$1: status $rc after $((SECONDS - begun)) s, $(tr '\n\t' '  ' <<<"${said:0:160}")"
	if [ "$4" = - ]; then
		is_frozen
		tap $? "$1: the container is frozen still"
	else
		ended "$4" </dev/null
		tap $? "$1: then it is $4"
	fi
}

# A function limits what it calls by itself.
timed() {
	if [ "$(type -t "$1")" = function ]; then "$@"; else timeout -s KILL 60 "$@"; fi
}

rows() { # FILE [PATTERN of commands]
	local command rc words end
	while IFS=$'\t' read -r command rc words _ end; do
		[[ -n $command && $command != \#* && $command =~ ${2:-} ]] || continue
		if [ "$end" != - ] && ! is_frozen; then
			freeze_anew </dev/null >/dev/null 2>&1
			tap $? "$command: a container is frozen"
		fi
		row "$command" "$rc" "$words" "$end"
	done <"$1"
}
