/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <stdio.h>
#include <string.h>

void text_clean(struct buf *to, const char *text)
{
	for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
		/* U+0080..U+009F are C2 80..C2 9F: ESC and kin in one character */
		bool c1 = s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f;

		if (c1)
			s++;
		if (c1 || *s < 0x20 || *s == 0x7f)
			buf_puts(to, "?");
		else
			buf_add(to, (const char *)s, 1);
	}
}

void table_cell(struct table *t, const char *text)
{
	text_clean(&t->cells, text && *text ? text : "-");
	buf_add(&t->cells, "", 1);
	t->count++;
}

void table_number(struct table *t, unsigned long long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", number);
	table_cell(t, text);
}

/* Columns on a screen: a UTF-8 character counts once, wide ones are rare enough to be askew. */
static unsigned width(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void measure(const struct table *t, unsigned widths[TABLE_COLUMNS])
{
	const char *cell = t->cells.text;

	for (size_t i = 0; i < t->count; i++, cell += strlen(cell) + 1)
		if (width(cell) > widths[i % t->columns])
			widths[i % t->columns] = width(cell);
}

void table_emit(const struct table *t, bool terminal, struct buf *to)
{
	unsigned widths[TABLE_COLUMNS] = { 0 };
	const char *cell = t->cells.text;

	to->failed |= t->cells.failed;
	if (t->cells.failed || t->count <= t->columns || t->columns > TABLE_COLUMNS)
		return;
	measure(t, widths);
	for (size_t i = 0; i < t->count; i++, cell += strlen(cell) + 1) {
		unsigned column = (unsigned)(i % t->columns);
		bool last = column == t->columns - 1;

		if (!terminal && i < t->columns)
			continue;
		buf_puts(to, cell);
		if (terminal && !last)
			buf_printf(to, "%*s", (int)(widths[column] - width(cell) + 2), "");
		else
			buf_puts(to, last ? "\n" : "\t");
	}
}

void table_done(struct table *t)
{
	buf_done(&t->cells);
	*t = (struct table){ 0 };
}
