# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# engine-docker.bash - Docker's own service.  To be sourced by engines.
IMAGE=thymus-test

e() { timeout 120 docker "$@"; }
run() { e run --runtime "$RUNTIME" --network none "$@"; }
init_pid() { docker inspect -f '{{.State.Pid}}' "$1"; }
is_healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$1")" = healthy ]; }
knows_thymus() { docker info -f '{{range $name, $_ := .Runtimes}}{{$name}} {{end}}' | grep -qw thymus; }

up() {
	th setup docker && systemctl restart docker && wait_for 120 knows_thymus &&
		[ "$(docker info -f '{{.CgroupDriver}} {{.CgroupVersion}}')" = "systemd 2" ] &&
		tar -C "$WORK/tree" -c . | docker import -c 'CMD ["/bin/server"]' - $IMAGE
}
choose() { [ "$1" = plain ] && RUNTIME=runc || RUNTIME=thymus; }

begin() { run -d --name web "$@" $IMAGE && serves web; } # OPTIONS...
enter() { e exec "$1" /bin/id; }
end_frozen() { e stop -t 1 web && [ "$(docker inspect -f '{{.State.Status}}' web)" = exited ] && e rm web; }
force_frozen() { e rm -f web; }
down() { th setup docker --remove && docker rmi $IMAGE && systemctl stop docker docker.socket; }
