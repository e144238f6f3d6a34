# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# engine-podman.bash - podman with its own storage; thymus is its runtime, before runc, or (podman-hooks) hooks beside crun.  To
# be sourced by engines.
IMAGE=localhost/thymus-test
HOOKS=$WORK/hooks

e() {
	local hooks=()
	[ "$ENGINE $PHASE" != "podman-hooks thymus" ] || hooks=(--hooks-dir "$HOOKS")
	timeout 120 podman --cgroup-manager systemd --runtime "$RUNTIME" "${hooks[@]}" "$@"
}
run() { e run --network none "$@"; }
init_pid() { e inspect -f '{{.State.Pid}}' "$1"; }
is_healthy() { [ "$(e inspect "$1" | jq -r '.[0].State.Health.Status')" = healthy ]; }

# oci-hooks(5): for every container, at each stage that we know.
write_hooks() {
	local stage
	mkdir -p "$HOOKS"
	for stage in precreate createRuntime poststart poststop; do
		jq -n --arg stage $stage '{ version: "1.0.0", hook: { path: "/usr/libexec/thymus/thymus-hook",
			args: ["thymus-hook", $stage] }, when: { always: true }, stages: [$stage] }' >"$HOOKS/60-thymus-$stage.json"
	done
}

up() {
	write_hooks
	choose plain
	tar -C "$WORK/tree" -c . | e import -q -c 'CMD ["/bin/server"]' - $IMAGE && e run --rm --network none $IMAGE /bin/true
}
choose() {
	PHASE=$1
	case "$ENGINE $PHASE" in
	"podman plain") RUNTIME=$(command -v runc) ;;
	"podman thymus") RUNTIME=$THYMUS ;;
	*) RUNTIME=$(command -v crun) ;;
	esac
}

begin() { run -d --name web "$@" $IMAGE && serves web; } # OPTIONS...
enter() { e exec "$1" /bin/id; }
end_frozen() { e stop -t 1 web && [ "$(e inspect -f '{{.State.Status}}' web)" = exited ] && e rm web; }
force_frozen() { e rm -f -t 0 web; }
down() { e rmi -f $IMAGE; }
