/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out.h - the way to standard output, for the commands that people type. */
#ifndef THYMUS_OUT_H
#define THYMUS_OUT_H

#include "json.h"

/* Is there a person to please with colour and columns?  Not in a pipe, not with NO_COLOR. */
bool out_terminal(void);

/* Write all of it; a full disk or a closed pipe is an error, not a shorter answer. */
must_check int out_text(const struct buf *text, struct err *e);
must_check int out_json(const struct json *doc, struct err *e); /* NULL: out of memory */

/* Sentences: as they are, or as {"words": "..."}. */
must_check int out_words(const struct buf *words, bool json, struct err *e);

#endif
