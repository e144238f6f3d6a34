/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * amend.h - teach a profile what a person allowed: `thymus incident allow`.
 *
 * An execution adds the program; a sequence adds exactly the n-grams that the incident names,
 * owned by a contributor of its own, so that the profile tells who taught it what.  The program
 * then learns for a while (open_until): what it does next would else be the next incident.
 */
#ifndef THYMUS_AMEND_H
#define THYMUS_AMEND_H

#include "profile.h"

struct allowance {
	u64         now;      /* unix seconds */
	unsigned    seconds;  /* how long the program is open */
	u32         unit;     /* contributor's id: random, not 0 */
	const char *incident; /* ID */
	const char *host;
};

/* Changes `p` and its version; `words` says what will pass now.  Floor calls, foreign ABIs and
 * leaving the cgroup cannot be taught: -EPERM with the remedy.  After an error `p` may be half
 * changed: drop it. */
must_check int amend_allow(struct profile *p, const struct json *incident,
			   const struct allowance *a, struct buf *words, struct err *e);

/* By hand: ready, or back to learning with what is known.  1: it was so already.  A profile that
 * lost events or began late is promoted by `force` only, an empty one never. */
must_check int amend_promote(struct profile *p, bool force, struct err *e);
must_check int amend_demote(struct profile *p, struct err *e);

/* One n-gram of an incident: tokens by dots, oldest first, '~' for a run over acting calls. */
must_check int amend_gram(const char *text, u64 *ret, struct err *e);

#endif
