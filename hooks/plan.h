/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - everything the keeper and the monitor need to know about one container, found out once,
 * in the hook, from the OCI state, the bundle and the policy.  The keeper then parses nothing.
 */
#ifndef THYMUS_PLAN_H
#define THYMUS_PLAN_H

#include "cgroup.h"
#include "identity.h"
#include "policy.h"

struct plan {
	struct policy policy;
	char policy_file[4096]; /* "" none */
	struct identity who;
	char id[1025];
	char root[4096];     /* the runtime's --root, "" when not given */
	char bundle[4096];
	char rootfs[4096];   /* absolute, as the runtime sees it while the hook runs */
	char state[4096];    /* folder of state.json */
	char profile[4096];  /* file */
	char ignored[256];   /* in words: annotations that policy does not admit, "" none */
	const char *decided; /* in words: who asked for that mode */
	char predecessor[200]; /* "NAME@IMAGE": another image of this workload that has a profile, while this has none; else "" */
	bool late;           /* it ran before we came: `thymus watch` */
	pid_t pid;
	enum mode asked;     /* flag, admitted annotation, else policy */
	struct cgroup cgroup;
	u8 classes[512];
};

/* From `state`, the OCI state JSON (runtime-spec runtime.md), and the hook's own arguments.  NULL: not
 * given.  plan_end(): the container is gone; only policy, id and state folder. */
must_check int plan_make(const char *state, size_t len, const char *policy_file, const char *root, const char *bundle,
			 const char *mode, struct plan *ret, struct err *e);
must_check int plan_end(const char *state, size_t len, const char *policy_file, const char *root, struct plan *ret,
			struct err *e);

/* The same for a container that runs already, and may have no bundle ("/"): `thymus watch --pid`. */
must_check int plan_make_late(const char *state, size_t len, const char *policy_file, const char *root, const char *mode,
			      struct plan *ret, struct err *e);

/* A new image of a known workload shall not start unlearned: the sentence.  plan_refuses(): does policy want that in a mode
 * that would only learn? */
must_check int plan_refuse_upgrade(const struct plan *p, struct err *e);
bool plan_refuses(const struct plan *p);

/* Must the container not start when it cannot be watched?  Where it is to be enforced: by its mode, or in mode auto by a
 * profile that is ready, or that cannot be read. */
bool plan_closes(const struct plan *p);

/* The mode that counts now: what a person said since (`thymus mode`), else what was asked for. */
enum mode plan_mode(const struct plan *p);

#endif
