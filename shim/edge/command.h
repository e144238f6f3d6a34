/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.h - run another program, hear what it says, and do not wait for ever. */
#ifndef THYMUS_COMMAND_H
#define THYMUS_COMMAND_H

#include "buf.h"
#include "err.h"

struct command_wish {
	char *const *argv;      /* [0] is looked up in PATH where it has no slash */
	const char *set, *to;   /* a variable of its environment, NULL: as ours */
	unsigned seconds;       /* then it and its group are killed: -ETIMEDOUT */
};

/* Its exit status (128 and the number of the signal that ended it); what it wrote to either stream in `said`.  -ENOENT: there is no such
 * program. */
must_check int command_run(const struct command_wish *w, struct buf *said, struct err *e);

/* The last line that is not empty, with which programs say why they failed; "": none. */
const char *command_last_line(struct buf *said);

#endif
