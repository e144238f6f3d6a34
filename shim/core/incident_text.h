/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * incident_text.h - an incident for a person: what was done, what was known, what to do next.
 *
 * "Prevented" is said only where the document says so: no effect outside the process of the call
 * that raised the verdict, or of any later one.
 */
#ifndef THYMUS_INCIDENT_TEXT_H
#define THYMUS_INCIDENT_TEXT_H

#include "json.h"

/* Tolerant: what the document lacks is left out. */
void incident_text(const struct json *incident, struct buf *to);

/* The rows of `incident ls` as a table. */
void incident_rows_text(const struct json *rows, bool terminal, struct buf *to);

/* "exec, pair": the elements of an array of strings; "" when it is none. */
void incident_words(const struct json *array, const char *between, struct buf *to);

#endif
