/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * override.h - the files behind `thymus mode`; core/said.h says what is in them.
 *
 * RUN/mode.json holds all that was said, and is what running monitors read: it works with a full or read-only /var.
 * PROFILES/mode.json holds what shall survive a reboot, which is all but what was said with --for; it counts where RUN
 * has no file, as after a boot.  Kept apart from the policy, so that both work when that is unreadable.
 *
 * A file that is not understood, or that others may write, says nothing: the policy is in force, and everyone who
 * asks is told.
 */
#ifndef THYMUS_OVERRIDE_H
#define THYMUS_OVERRIDE_H

#include "json.h"
#include "policy.h"

struct override {
	const char *name;   /* of the workload, or SCOPE/NAME; NULL: see below */
	const char *folder; /* of a container, as state_folder() gives it, NULL: see below */
	const char *id;     /* of that container, for people */
};

/* All that was said, `{}` for nothing.  On failure the sentence says which file is not understood, and `*ret` is what is in
 * force all the same. */
must_check int override_read(const struct policy *p, struct json **ret, struct err *e);

/* Is there one in force for the container whose folder this is (state_folder(); NULL: none yet) and whose workload is
 * SCOPE/NAME (or has this name in any scope)? */
bool override_get(const struct policy *p, const char *folder, const char *name, enum mode *ret);

/* The entry by which override_get() decides: in `*doc`, which the caller frees; `*kind`: "all", "container" or "name". */
const struct json *override_find(const struct policy *p, const char *folder, const char *name, struct json **doc,
				 const char **kind);

/* Does anything that is in force ask for this mode, for whomever? */
bool override_asks(const struct policy *p, enum mode mode);

/* Was something said, in force or not?  A file that is not understood says something. */
bool override_exists(const struct policy *p);

/* Was something said for a workload of this name, in force or not? */
bool override_has_name(const struct policy *p, const char *name);

/* Say `mode` for what `o` names: a workload, a container, or all when it names neither; until then (unix seconds), 0: for
 * good.  The running monitors follow. */
must_check int override_set(const struct policy *p, const struct override *o, enum mode mode,
			    unsigned long long until, struct err *e);

/* Forget what was said for it; for all: everything, the workloads' and containers' too. */
must_check int override_clear(const struct policy *p, const struct override *o, struct err *e);

/* Let what is said for good survive a reboot.  Apart from the above, for /var may be full, read-only or hang. */
must_check int override_keep(const struct policy *p, struct err *e);

/* Are both files sound?  The one in PROFILES counts after the next boot. */
must_check int override_check(const struct policy *p, struct err *e);

#endif
