/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - rows of words: aligned under a heading for a person at a terminal, one tab between
 * cells and no heading for a program.
 */
#ifndef THYMUS_TABLE_H
#define THYMUS_TABLE_H

#include "buf.h"

#define TABLE_COLUMNS 12

struct table {
	unsigned   columns;
	struct buf cells; /* each cell ends with NUL; the first row is the heading */
	size_t     count;
};

void table_cell(struct table *t, const char *text); /* NULL: "-"; control bytes become '?' */
void table_number(struct table *t, unsigned long long number);
/* Append to `to`; nothing when there is no row below the heading.  `terminal`: see above. */
void table_emit(const struct table *t, bool terminal, struct buf *to);
void table_done(struct table *t);
#define auto_table __attribute__((cleanup(table_done))) struct table

/* Append text that others chose (paths, names, command lines): control bytes, C1 ones too, become
 * '?', so that a terminal does not obey them. */
void text_clean(struct buf *to, const char *text);

#endif
