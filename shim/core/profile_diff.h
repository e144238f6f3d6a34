/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile_diff.h - what one profile has and another has not, by program and n-gram.
 *
 * Programs are matched by (path, name, session), not by index: two hosts number them differently.
 */
#ifndef THYMUS_PROFILE_DIFF_H
#define THYMUS_PROFILE_DIFF_H

#include "profile.h"

/* { "equal": false, "changed": [{"key", "from", "to"}],
 *   "removed": {"programs": [..], "grams": [..]}, "added": {...} }: words, freed by the caller. */
must_check int profile_diff(const struct profile *a, const struct profile *b, struct json **ret,
			    struct err *e);

/* The same as lines that begin with "! ", "- " and "+ ". */
void profile_diff_text(const struct json *diff, struct buf *to);

/* "/bin/busybox as sh (exec session)" */
void profile_program_text(const struct program *p, struct buf *to);

#endif
