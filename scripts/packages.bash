# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# packages.bash - Debian packages for scripts/demo and scripts/test.  To be sourced.

# What building takes, on a bare Debian; the caller adds what it runs.
# shellcheck disable=SC2034 # for who sources this
BUILD_PACKAGES="bpftool ca-certificates clang gcc libbpf-dev libc6-dev libcap-dev libseccomp-dev
	libyajl-dev make nettle-dev pkg-config"

# Those of the named packages that are not installed.  A program in PATH that did not come as a
# package counts too: PACKAGE=PROGRAM.
packages_missing() {
	local word package program
	for word in "$@"; do
		package=${word%%=*} program=${word#*=}
		[ "$program" != "$word" ] && command -v "$program" >/dev/null && continue
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' ||
			echo "$package"
	done
}

# Install them, and start no service: a policy-rc.d forbids it where the host has none.
packages_install() {
	local rc=0 guard=/usr/sbin/policy-rc.d ours=
	[ $# -gt 0 ] || return 0
	command -v apt-get >/dev/null || {
		echo "please install: $*" >&2
		return 1
	}
	if [ ! -e $guard ] && [ ! -L $guard ]; then
		ours=1
		printf '#!/bin/sh\nexit 101\n' >$guard && chmod 755 $guard
	fi
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get -qq update && apt-get -qq install --no-install-recommends -y "$@"; } >&2 || rc=$?
	[ -z "$ours" ] || rm -f $guard
	return $rc
}
