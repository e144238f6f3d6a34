/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain_text.h"

#include <string.h>

#include "table.h"
#include "when.h"

static const char *word(const struct json *object, const char *key)
{
	const char *text = json_string(json_get(object, key));

	return text ? text : "";
}

static void line(struct buf *to, const char *label, const char *text)
{
	buf_printf(to, "%-10s", label);
	text_clean(to, text);
	buf_puts(to, "\n");
}

/* The value, then each source that was asked before it. */
static void value(const struct json *doc, const char *what, struct buf *to)
{
	line(to, what, word(json_get(doc, "key"), what));
	for (const struct json *v = json_get(doc, "steps") ? json_get(doc, "steps")->child : NULL; v; v = v->next) {
		if (strcmp(word(v, "what"), what) != 0)
			continue;
		buf_puts(to, json_is_true(json_get(v, "used")) ? "          from " : "          not from ");
		text_clean(to, word(v, "source"));
		buf_puts(to, ": ");
		text_clean(to, word(v, "words"));
		buf_puts(to, "\n");
	}
}

static void moment(const struct json *said, const char *key, const char *before, struct buf *to)
{
	unsigned long long at = 0;
	char when[32];

	if (!json_u64(json_get(said, key), &at) || at == 0)
		return;
	when_text(at, when);
	buf_printf(to, "%s%s", before, when);
}

static void said(const struct json *mode, struct buf *to)
{
	const struct json *s = json_get(mode, "said");

	if (!s)
		return;
	buf_puts(to, "          a person said ");
	text_clean(to, word(s, "mode"));
	buf_puts(to, strcmp(word(s, "for"), "all") == 0 ? " for all containers" : strcmp(word(s, "for"), "name") == 0 ?
		 " for this workload" : " for this container");
	if (*word(s, "user")) {
		buf_puts(to, ", ");
		text_clean(to, word(s, "user"));
	}
	if (*word(s, "by") && strcmp(word(s, "by"), word(s, "user")) != 0) {
		buf_puts(to, " (");
		text_clean(to, word(s, "by"));
		buf_puts(to, ")");
	}
	moment(s, "since", " at ", to);
	moment(s, "until", ", until ", to);
	buf_puts(to, " (thymus mode)\n");
}

void explain_text(const struct json *doc, struct buf *to)
{
	const struct json *mode = json_get(doc, "mode"), *profile = json_get(doc, "profile");

	line(to, "container", word(doc, "id"));
	value(doc, "scope", to);
	value(doc, "name", to);
	value(doc, "image", to);
	line(to, "mode", word(mode, "in_force"));
	buf_puts(to, "          ");
	text_clean(to, word(mode, json_get(mode, "said") ? "words" : "asked"));
	if (!json_get(mode, "said")) {
		buf_puts(to, " was asked for by ");
		text_clean(to, word(mode, "decided"));
		buf_puts(to, "; ");
		text_clean(to, word(mode, "words"));
	}
	buf_puts(to, "\n");
	said(mode, to);
	line(to, "profile", word(profile, "file"));
	line(to, "", word(profile, "state"));
	if (*word(profile, "predecessor")) {
		buf_puts(to, "          a new image of a known workload; its predecessor is ");
		text_clean(to, word(profile, "predecessor"));
		buf_puts(to, "\n");
	}
}
