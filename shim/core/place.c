/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "place.h"

#include <string.h>

struct place place_of(const char *text, size_t at)
{
	struct place p = { 1, 1 };

	for (size_t i = 0; i < at; i++) {
		p.column++;
		if (text[i] == '\n')
			p = (struct place){ p.line + 1, 1 };
	}
	return p;
}

const char *line_end(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}
