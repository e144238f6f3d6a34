/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gram_line.h - an n-gram and its owners as a line of a profile.
 *
 *   3 4.1.4 1a2b3c4d:12 1a2b3c4d:*
 *
 * The program's place in the profile, from 1; the tokens, oldest first (a call's number + 1, 510
 * for the boundary that execve leaves), '~' in front for a run over acting calls; one to three
 * owners, contributor and second, '*' for "some other second of this contributor too".  Numbers,
 * not names: the line must mean the same whatever libseccomp knows.
 */
#ifndef THYMUS_GRAM_LINE_H
#define THYMUS_GRAM_LINE_H

#include "profile.h"

void gram_line_emit(const struct gram *g, struct buf *to);

/* Read one line into the model of `p`, which has its programs and its order already. */
must_check int gram_line_read(struct profile *p, const char *line, struct err *e);

/* A contributor's id: 8 hexadecimal digits. */
must_check int gram_owner_id(const char *text, u32 *ret, struct err *e);

#endif
