/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.h - a container's cgroup: found, frozen, thawed, killed; and one of our own.
 *
 * Serves unified, hybrid and v1 hosts.  Where the container has a group in the unified hierarchy
 * that one is frozen: SIGKILL reaches tasks frozen there, so that engines can still end them.
 */
#ifndef THYMUS_CGROUP_H
#define THYMUS_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct cgroup {
	char unified[1024]; /* folder, "" when the container has no group of its own there */
	char freezer[1024]; /* v1 freezer's folder, likewise */
	uint64_t id;        /* of the group that membership is judged by */
	uint32_t hierarchy; /* 0: unified, else the v1 hierarchy's number */
};

/* The group of a process.  Fails when it has none of its own in either hierarchy. */
must_check int cgroup_of(pid_t pid, struct cgroup *ret, struct err *e);

must_check int cgroup_freeze(const struct cgroup *c, bool freeze, struct err *e);
bool cgroup_frozen(const struct cgroup *c);
bool cgroup_empty(const struct cgroup *c); /* no process in it, or gone */

/* Call `act` for each process of the group and of those below it. */
void cgroup_each(const struct cgroup *c, void (*act)(void *ctx, pid_t pid), void *ctx);

/* SIGKILL to all: cgroup.kill where there is one, else by pid until none is left. */
void cgroup_kill(const struct cgroup *c);

/* Leave engine, user session and container.  cgroup_fork(): the child is born in /thymus of the unified hierarchy (a raw
 * clone, after which the C library takes it for its parent: it may only fork() or _exit()); cgroup_leave() moves to the
 * root of each v1 hierarchy.  Best effort: a host that forbids it keeps us where we are. */
pid_t cgroup_fork(void);
void cgroup_leave(void);

void cgroup_forget(void); /* remove that group of ours, if nobody is in it */

/* The group that cgroup_of() gave this id; false: it is gone. */
bool cgroup_by_id(uint64_t id, uint32_t hierarchy, struct cgroup *ret);

#endif
