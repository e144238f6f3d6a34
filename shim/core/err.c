/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names in our sentences come from containers; a terminal must not obey them. */
static void disarm(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

int fail(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	disarm(e->text);
	return -code;
}

int fail_in(struct err *e, int rc, const char *where)
{
	struct err inner = *e;

	/* A cut-off sentence is still a sentence: truncation is deliberate. */
	if (snprintf(e->text, sizeof(e->text), "%s: %s", where, inner.text) < 0)
		e->text[0] = '\0';
	return rc;
}
