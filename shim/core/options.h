/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - the flags of our own commands: "--json", "--for 2h", "--for=2h", anywhere. */
#ifndef THYMUS_OPTIONS_H
#define THYMUS_OPTIONS_H

#include <stdbool.h>

#include "err.h"

#define OPTIONS_ASK "--?" /* alone: fails with the flags as words, "=" behind those with a value: for completion */

struct option_row {
	const char  *name;  /* with its dashes; NULL ends the table */
	bool        *flag;  /* set to true ... */
	const char **value; /* ... or to the word behind it; one of the two is NULL */
};

/* Take the flags out of argv, which stays NULL-terminated; "--" ends them.  An unknown flag is an
 * error that names the known ones. */
must_check int options_take(int *argc, char **argv, const struct option_row *rows, struct err *e);

/* "90s", "30m", "2h", "1d", "2w" -> seconds, at least 1, at most ten years. */
must_check int options_duration(const char *text, unsigned long long *ret, struct err *e);

#endif
