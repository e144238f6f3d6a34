/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * toml.h - where things stand in a TOML file, so that lines can be added to it and nothing else changes.
 *
 * No tree and no types: each heading and each KEY = VALUE is told with its full path, however it is written (dotted, in
 * either kind of quotes, below a heading).  What cannot be read is an error that names line and column.  What is told is not
 * all that a reader of TOML checks: the engine is asked for that.
 */
#ifndef THYMUS_TOML_H
#define THYMUS_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"

#define TOML_DOT "\x1f" /* between the parts of a path: a part may have dots */

struct toml_item {
	const char *path;        /* valid during the call */
	bool        heading;     /* [PATH] or [[PATH]] */
	size_t      from, to;    /* of all of it, in the text: from its first byte to behind its last */
	size_t      value, end;  /* of VALUE */
};

/* `take` says whether to go on.  A heading is told before what stands below it. */
must_check int toml_scan(const char *text, size_t len, bool (*take)(void *ctx, const struct toml_item *item), void *ctx,
			 struct err *e);

/* Is it TOML that toml_scan() can read, without a NUL byte?  NULL: nothing is. */
must_check int toml_check(const char *text, size_t len, struct err *e);

/* Behind the end of the line on which that ends which begins at `at`, a line's beginning: a value may have many lines. */
size_t toml_line(const char *text, size_t len, size_t at);

/* VALUE is an array: call `take` with each string in it, as it is written. */
void toml_strings(const char *text, const struct toml_item *item, void (*take)(void *ctx, const char *word, size_t len), void *ctx);

#endif
