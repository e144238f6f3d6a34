/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deeds.h - what a person may do to profiles and incidents: each is one change under the lock,
 * and one line in the journal.
 */
#ifndef THYMUS_DEEDS_H
#define THYMUS_DEEDS_H

#include "policy.h"

/* `word`: what store_find() takes.  Sentences of what was done go to `words`. */
must_check int deed_promote(const struct policy *p, const char *word, bool force, struct buf *words,
			    struct err *e);
must_check int deed_demote(const struct policy *p, const char *word, struct buf *words,
			   struct err *e);
must_check int deed_remove(const struct policy *p, const char *word, bool force, struct buf *words,
			   struct err *e);

/* Teach the incident's profile what the incident saw; `word` is an ID or its beginning. */
must_check int deed_allow(const struct policy *p, const char *word, struct buf *words,
			  struct err *e);

/* Thaw a container; `word` is an ID or its beginning. */
must_check int deed_release(const struct policy *p, const char *word, struct buf *words,
			    struct err *e);

/* Thaw every container that is stopped; one that cannot be is no reason not to thaw the next. */
must_check int deed_release_all(const struct policy *p, struct buf *words, struct err *e);

#endif
