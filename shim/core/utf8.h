/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.h - bytes that others chose, as text: RFC 3629. */
#ifndef THYMUS_UTF8_H
#define THYMUS_UTF8_H

#include <stddef.h>

/* Length of the UTF-8 sequence at `s` (NUL-terminated), 0 when it is none. */
size_t utf8_length(const unsigned char *s);

/* In place: what a JSON document cannot hold, or a terminal would obey, becomes '?': bytes that are no UTF-8, and
 * control bytes. */
void utf8_keep(char *s);

#endif
