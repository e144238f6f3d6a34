/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_containers.h - the containers that run on this host, whoever created them: read from the runtimes' own folders.
 *
 * runc keeps ROOT/ID/state.json, crun ROOT/ID/status.  ROOT is the runtime's or the engine's default, or one that policy
 * names ("runtime_roots").  Only files that nobody but root can write are believed.
 */
#ifndef THYMUS_HOST_CONTAINERS_H
#define THYMUS_HOST_CONTAINERS_H

#include <sys/types.h>

#include "policy.h"

struct host_container {
	char id[1025];
	char root[1024];   /* the runtime's: /run/runc ... */
	char engine[16];   /* runc, crun, docker, containerd, or "policy" for a root that policy names */
	char bundle[4096]; /* "" unless host_container_find() */
	pid_t pid;         /* of its init, in our pid namespace; it lives */
};

/* Show each that lives to `take`, until it returns false.  What cannot be read is left out. */
void host_containers(const struct policy *p, bool (*take)(void *ctx, const struct host_container *c), void *ctx);

/* By ID or the unique beginning of one; `root` NULL: in all known ones.  -ENOENT, or -EEXIST when ambiguous. */
must_check int host_container_find(const struct policy *p, const char *root, const char *id, struct host_container *ret,
				   struct err *e);

#endif
