#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# thymus completion: every command and flag that there is, and no other.

load helpers

setup() {
	policy
	"$THYMUS" completion bash >"$BATS_TEST_TMPDIR/bash"
	"$THYMUS" completion zsh >"$BATS_TEST_TMPDIR/zsh"
	"$THYMUS" completion fish >"$BATS_TEST_TMPDIR/fish"
}

# What each shell offers behind these words, one a line; the last word is being typed.
in_bash() {
	bash -c 'source "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _thymus; printf "%s\n" "${COMPREPLY[@]}"' \
		- "$BATS_TEST_TMPDIR/bash" "$@" | sort
}
in_zsh() { # its functions are replaced by such as print what they would offer
	# shellcheck disable=SC2016 # for the inner shell
	zsh -f -c 'compadd() { shift; print -l -- "$@"; }; _files() { }; _describe() { print -l -- ${${(P)4}%%:*}; }
		file=$1; shift; words=("$@"); CURRENT=$#; source $file' - "$BATS_TEST_TMPDIR/zsh" "$@" | sort
}
in_fish() { # offers flags only where one is begun
	local line="${*:1:$#-1} ${!#}"
	(cd "$BATS_TEST_TMPDIR/empty" && fish --no-config -c "source $BATS_TEST_TMPDIR/fish; complete -C '$line'; complete -C '$line--'") |
		cut -f 1 | sort -u
}
have() { type -P "$1" >/dev/null || skip "$1 is not installed"; }

commands() { "$THYMUS" unload --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | sort; }

# The flags that the command's own reader names when it is given a wrong one.
flags() {
	{ "$THYMUS" "$1" --no-such-flag 2>&1 || true; } | sed -n 's/.*; there is: //p' | tr ' ' '\n' | sort
}

offers_all() { # SHELL
	local command
	have "$1"
	mkdir -p "$BATS_TEST_TMPDIR/empty"
	[ "$(commands | wc -l)" -ge 10 ]
	diff <("in_$1" thymus '' | grep -v '^-') <(commands)
	diff <("in_$1" thymus '' | grep '^-') <(printf '%s\n' --thymus-mode --thymus-policy --thymus-runtime)
	for command in $(commands); do
		[ -n "$(flags "$command")" ]
		diff <("in_$1" thymus "$command" '' | grep '^-') <(flags "$command")
	done
	[ "$("in_$1" thymus profile '' | grep -v '^-' | tr '\n' ' ')" = "demote diff ls promote rm show " ]
}

@test "bash completes every command and flag, and none that there is not" {
	offers_all bash
	[ "$(in_bash thymus --thymus-policy /x rel)" = release ]
	[ "$(in_bash thymus mode en)" = enforce ]
}

@test "zsh completes every command and flag, and none that there is not" {
	offers_all zsh
}

@test "fish completes every command and flag, and none that there is not" {
	offers_all fish
}

@test "each word that is completed behind a command is one that the command takes" {
	local word
	for word in $(in_bash thymus profile '' | grep -v '^-'); do
		[[ $("$THYMUS" profile nonsense 2>&1) == *" $word"* ]]
	done
	for word in $(in_bash thymus incident '' | grep -v '^-'); do
		[[ $("$THYMUS" incident nonsense 2>&1) == *" $word"* ]]
	done
	for word in $(in_bash thymus setup '' | grep -v '^-'); do
		[[ $("$THYMUS" setup nonsense 2>&1) == *" $word"* ]]
	done
	for word in $(in_bash thymus mode '' | grep -v '^-'); do
		thymus mode "$word" --all
		[ "$status" -eq 0 ]
	done
	for word in $(in_bash thymus completion '' | grep -v '^-'); do
		thymus completion "$word"
		[ "$status" -eq 0 ]
	done
}

@test "the manual names every command and flag" {
	local command flag
	for command in $(commands); do
		grep -q "^\.\(Cm\|It Cm\) $command\b" "$BATS_TEST_DIRNAME/../../docs/man/thymus.8"
		for flag in $(flags "$command"); do
			grep -q -- "Fl -${flag#--}" "$BATS_TEST_DIRNAME/../../docs/man/thymus.8"
		done
	done
}
