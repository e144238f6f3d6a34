/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buf.h - a growing string.
 *
 * Invariant: text is NULL or NUL-terminated at text[len].  An append that runs out of memory sets
 * `failed` and does nothing from then on, so that a long emission is checked once, at its end.
 */
#ifndef THYMUS_BUF_H
#define THYMUS_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "auto.h"

struct buf {
	char  *text;
	size_t len, room;
	bool   failed;
};

void buf_add(struct buf *b, const char *bytes, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_done(struct buf *b); /* frees; accepts an empty one */
#define auto_buf __attribute__((cleanup(buf_done))) struct buf

#endif
