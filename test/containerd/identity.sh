#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# identity.sh THYMUS - whose profile does a container of containerd's get?
#
# By the CRI: the same name, namespace and image have the same key in another pod, after containerd was restarted, and under
# another containerd with another data root; another namespace, another name, or another image have another.  Pause containers
# have tiny profiles of their own, and annotations are heard where policy admits them.  By ctr: the entry's name, and a tenant
# by policy.  `thymus explain` says what was used.  Prints TAP; exit status 1 if anything was not as said.
set -u

[ -n "${OWN_NET:-}" ] || exec unshare --net env OWN_NET=1 "$0" "$@"
runtime=$(realpath "${1:?usage: identity.sh THYMUS}") || exit 2
# shellcheck source=test/containerd/instance.bash disable=SC1091
source "$(dirname "$0")/instance.bash"
export HANDLER=thymus RUNTIME=$BINARY

key() { ask explain --json "$1" | jq -r '.key | "\(.scope)/\(.name) \(.image)"'; } # ID
id_of() { cat "$WORK/ids/$1"; }
explains() { # TITLE ID WORDS
	ask explain "$2" >"$WORK/reason"
	grep -qF -- "$3" "$WORK/reason"
	tap $? "$1: $3" "$WORK/reason"
}

# ---- by the CRI ----
up() { # POD CONTAINER [FILTER]: that sleeps
	pod "$1" "$host_network${3:+ | $3}" && container "$1" "$2" . /bin/sleep 1000
} >"$WORK/reason" 2>&1
cri_key_of() { # POD CONTAINER: of one that comes and goes
	up "$1" "$2" && key "$(id_of "$2")"
	end_pod "$1" >/dev/null
}
cri_answers() { cri Version '{}'; }

tenants() {
	local shop
	shop=$(cri_key_of shop-1 front)
	[[ $shop = "shop/front fp-"* ]]
	tap $? "a pod's container: $shop" "$WORK/reason"
	is "another pod's, of that name, namespace and image" "$shop" "$(cri_key_of shop-2 front)"
	is_not "another name" "$shop" "$(cri_key_of shop-1 back)"
	bank=$(cri_key_of bank-1 front)
	is_not "another namespace is another tenant" "$shop" "$bank"
	[ "${bank#bank/}" = "${shop#shop/}" ]
	tap $? "... with the same name and image"
	up shop-1 front
	explains "explain" "$(id_of front)" "from Kubernetes namespace: shop"
	explains "explain" "$(id_of front)" "from containerd's CRI annotations: front"
	containerd_end
	daemon && wait_for 60 cri_answers || exit 2
	is "the same container when containerd was restarted" "$shop" "$(key "$(id_of front)")"
	is "another one after that" "$shop" "$(cri_key_of shop-2 front)"
	SHOP=$shop
	pause
}

# The pod shop-1 runs.
pause() {
	local id
	id=$(id_of shop-1)
	[[ $(key "$id") = "shop/pause fp-"* ]]
	tap $? "its pause container: $(key "$id")"
	explains "explain" "$id" "from containerd's CRI annotations: pause"
	has_ended() { ! ask explain "$id"; }
	end_pod shop-1 >/dev/null
	wait_for 30 has_ended
	[ "$(ask profile show shop/pause --json | tee "$WORK/reason" | jq -c '[.programs[].path | select(startswith("/"))]')" = '["/bin/busybox"]' ]
	tap $? "the pause container's profile has one program" "$WORK/reason"
}

annotations() {
	up shop-3 named '.annotations = {"io.thymus.profile": "shop-given", "io.thymus.mode": "monitor"}'
	[[ $(key "$(id_of named)") = "shop/shop-given fp-"* ]]
	tap $? "an annotation that policy admits gives the name: $(key "$(id_of named)")" "$WORK/reason"
	explains "explain" "$(id_of named)" "from annotation io.thymus.profile: shop-given"
	explains "explain" "$(id_of named)" "monitor was asked for by annotation io.thymus.mode"
	[[ $(key "$(id_of shop-3)") = "shop/pause fp-"* ]]
	tap $? "... and not to its pod's pause container: $(key "$(id_of shop-3)")"
	end_pod shop-3 >/dev/null
	up shop-4 plain '.annotations = {"io.thymus.profile": "bank-theirs", "io.thymus.mode": "off"}'
	[[ $(key "$(id_of plain)") = "shop/plain fp-"* ]]
	tap $? "one that it does not admit gives none: $(key "$(id_of plain)")" "$WORK/reason"
	explains "explain" "$(id_of plain)" "not from annotation io.thymus.profile: bank-theirs is not admitted"
	explains "explain" "$(id_of plain)" "learn was asked for by policy"
	jq -e --arg id "$(id_of plain)" 'select(.container == $id and (.message | contains("io.thymus.mode=off is not admitted")))' \
		"$WORK/thymus/log/events.jsonl" >/dev/null
	tap $? "... and that it was asked for is recorded"
	end_pod shop-4 >/dev/null
}

# ---- by ctr ----
ctr_key_of() { # NAMESPACE ID
	local NS=$1
	run -d "$2" /bin/sleep 1000 >"$WORK/reason" 2>&1 && key "$2"
	remove "$2" >/dev/null 2>&1
}

by_ctr() {
	CTR=$(ctr_key_of thymus-test web1)
	[[ $CTR = "default/sleep fp-"* ]]
	tap $? "one of ctr's goes by its entry: $CTR" "$WORK/reason"
	is "another such" "$CTR" "$(ctr_key_of thymus-test web2)"
	policy learn '.rules = [{bundle: "*/k8s.io/*", name: "unused"}, {bundle: "*/thymus-test/*", tenant: "blue"}]'
	is_not "where policy says that a namespace is a tenant" "$CTR" "$(ctr_key_of thymus-test web1)"
	policy learn
}

upgrade() {
	local new id
	echo VERSION_ID=2 >"$WORK/rootfs/etc/os-release"
	images && up shop-1 front
	id=$(id_of front) new=$(key "$(id_of front)")
	is_not "a new image under that name" "$SHOP" "$new"
	[ "${new% *}" = "${SHOP% *}" ]
	tap $? "... is the same workload's: ${new% *}"
	explains "... which is said of it" "$id" "a new image of a known workload"
	end_pod shop-1 >/dev/null
}

begin || exit 2
tenants
annotations
by_ctr
containerd_down
DATA=$WORK/data2
daemon && images && wait_for 60 cri_answers || exit 2
is "by the CRI, under another containerd with another data root" "$SHOP" "$(cri_key_of shop-1 front)"
is "by ctr, there" "$CTR" "$(ctr_key_of thymus-test web1)"
upgrade
# shellcheck disable=SC2154 # tap.bash counts
{
	echo "1..$count"
	[ "$failed" -eq 0 ]
}
