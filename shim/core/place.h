/* SPDX-License-Identifier: GPL-2.0-or-later */
/* place.h - where in a text something is, as editors count: line and column (in bytes), from 1. */
#ifndef THYMUS_PLACE_H
#define THYMUS_PLACE_H

#include <stddef.h>

struct place {
	size_t line, column;
};
struct place place_of(const char *text, size_t at);

/* Behind the line that begins at `line` of a string: the next one, or the string's end. */
const char *line_end(const char *line);

#endif
