/* SPDX-License-Identifier: GPL-2.0-or-later */
/* completion.h - what a shell must be told so that it completes our commands: bash, zsh and fish. */
#ifndef THYMUS_COMPLETION_H
#define THYMUS_COMPLETION_H

#include "buf.h"
#include "err.h"

struct completion_row {
	const char *command; /* NULL ends the table; "": flags before any command */
	const char *help;
	const char *words;   /* what may follow it, separated by spaces */
	const char *flags;   /* likewise, "--for=" takes a value */
};

extern const char completion_shells[]; /* separated by spaces */

must_check int completion_text(const char *shell, const struct completion_row *rows, struct buf *to, struct err *e);

#endif
