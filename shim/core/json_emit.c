/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <string.h>

#include "utf8.h"

/* The escape for what is at `s`, NULL when it may stand as it is.  `*len`: bytes it stands for.
 * A parsed document is UTF-8; what we put in ourselves may be a path, which is any bytes. */
static const char *escape(const unsigned char *s, size_t *len, char room[8])
{
	static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	*len = utf8_length(s);
	if (*len == 0) {
		*len = 1;
		return "\\ufffd";
	}
	if (*len == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9))
		return s[2] == 0xa8 ? "\\u2028" : "\\u2029"; /* line ends to JavaScript */
	for (const char *p = letters; *p; p += 2) {
		if (*s != (unsigned char)*p)
			continue;
		room[0] = '\\';
		room[1] = p[1];
		room[2] = '\0';
		return room;
	}
	if (*s >= 0x20 && *s != 0x7f)
		return NULL;
	memcpy(room, "\\u00", 4);
	room[4] = "0123456789abcdef"[*s >> 4];
	room[5] = "0123456789abcdef"[*s & 15];
	room[6] = '\0';
	return room;
}

static void emit_string(const char *text, struct buf *to)
{
	const char *plain = text;
	size_t len;
	char room[8];

	buf_puts(to, "\"");
	for (; *text; text += len) {
		const char *word = escape((const unsigned char *)text, &len, room);

		if (!word)
			continue;
		buf_add(to, plain, (size_t)(text - plain));
		buf_puts(to, word);
		plain = text + len;
	}
	buf_add(to, plain, (size_t)(text - plain));
	buf_puts(to, "\"");
}

static void new_line(unsigned blanks, struct buf *to)
{
	static const char many[] = "                                ";

	buf_puts(to, "\n");
	for (; blanks > sizeof(many) - 1; blanks -= sizeof(many) - 1)
		buf_puts(to, many);
	buf_add(to, many, blanks);
}

/* Recursion is as deep as the document, which JSON_DEPTH bounds. */
static void emit(const struct json *v, unsigned indent, unsigned level, struct buf *to)
{
	static const char *const words[] = { "null", "false", "true" };

	if (v->type == JSON_STRING) {
		emit_string(v->text, to);
	} else if (v->type == JSON_NUMBER) {
		buf_puts(to, v->text);
	} else if (v->type != JSON_ARRAY && v->type != JSON_OBJECT) {
		buf_puts(to, words[v->type]);
	} else {
		buf_puts(to, v->type == JSON_OBJECT ? "{" : "[");
		for (const struct json *c = v->child; c; c = c->next) {
			if (indent)
				new_line(indent * (level + 1), to);
			if (v->type == JSON_OBJECT) {
				emit_string(c->key, to);
				buf_puts(to, indent ? ": " : ":");
			}
			emit(c, indent, level + 1, to);
			if (c->next)
				buf_puts(to, ",");
		}
		if (indent && v->child)
			new_line(indent * level, to);
		buf_puts(to, v->type == JSON_OBJECT ? "}" : "]");
	}
}

void json_emit(const struct json *doc, unsigned indent, struct buf *to)
{
	emit(doc, indent, 0, to);
}
