/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * override.h - RUN/mode.json: what a person said with `thymus mode`, for containers to come.
 *
 *   { "all": {"mode": "monitor", "until": 1767225600},
 *     "names": {"shop-db": {"mode": "off", "until": 0}},
 *     "containers": {"0123456789abcdef": {"mode": "enforce", "until": 0}} }
 *
 * `until` is in unix seconds, 0: until the next boot (RUN is a tmpfs).  `all` wins: it is the one
 * switch; then the container, by the name of its folder in RUN, while that exists; then the
 * workload's name.  Kept apart from the policy, so that it works when that is unreadable.  The
 * monitors read it again and again: what runs out, goes back.
 */
#ifndef THYMUS_OVERRIDE_H
#define THYMUS_OVERRIDE_H

#include "policy.h"

struct override {
	const char *name;   /* of the workload, NULL: see below */
	const char *folder; /* of a container, as state_folder() gives it, NULL: see below */
};

/* Is there one in force for the container whose folder this is (state_folder(); NULL: none yet) and whose workload has
 * this name?  A file that cannot be read is none. */
bool override_get(const struct policy *p, const char *folder, const char *name, enum mode *ret);

/* Was something said for a workload of this name, in force or not? */
bool override_has_name(const struct policy *p, const char *name);

/* Remember `mode` for what `o` names: a workload, a container, or all when it names neither.
 * `until` 0: for good. */
must_check int override_set(const struct policy *p, const struct override *o, enum mode mode,
			    unsigned long long until, struct err *e);

/* Forget what was said for it; for all: everything, the workloads' and containers' too. */
must_check int override_clear(const struct policy *p, const struct override *o, struct err *e);

#endif
