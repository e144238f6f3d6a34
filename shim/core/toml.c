/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "toml.h"

#include <string.h>

#include "place.h"

#define DEPTH 64
#define BARE  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

struct scan {
	const char *text;
	size_t      at, len;
	struct buf  table, path; /* of the heading above; of what is read now */
	struct err *e;
};

static int here(const char c)
{
	return (unsigned char)c;
}

static int peek(const struct scan *s)
{
	return s->at < s->len ? here(s->text[s->at]) : -1;
}

static bool begins(const struct scan *s, const char *word)
{
	size_t len = strlen(word);

	return s->len - s->at >= len && memcmp(s->text + s->at, word, len) == 0;
}

static int wrong(struct scan *s, size_t at, const char *words)
{
	struct place p = place_of(s->text, at);

	return fail(s->e, EINVAL, "line %zu:%zu: %s", p.line, p.column, words);
}

static void skip_blanks(struct scan *s)
{
	while (peek(s) == ' ' || peek(s) == '\t')
		s->at++;
}

static void skip_comment(struct scan *s)
{
	if (peek(s) == '#')
		while (peek(s) >= 0 && peek(s) != '\n')
			s->at++;
}

/* Blanks, comments and ends of lines. */
static void skip_lines(struct scan *s)
{
	for (;;) {
		skip_blanks(s);
		skip_comment(s);
		if (peek(s) != '\n' && !begins(s, "\r\n"))
			return;
		s->at += peek(s) == '\r' ? 2 : 1;
	}
}

static int end_of_line(struct scan *s)
{
	skip_blanks(s);
	skip_comment(s);
	if (peek(s) < 0 || peek(s) == '\n' || begins(s, "\r\n"))
		return 0;
	return wrong(s, s->at, "something stands behind what should end this line");
}

/* From the opening quote to behind the closing one; of one line. */
static int quoted(struct scan *s)
{
	size_t from = s->at;
	int quote = peek(s), c;

	for (s->at++; (c = peek(s)) >= 0 && c != '\n'; s->at++) {
		if (c == quote) {
			s->at++;
			return 0;
		}
		if (c == '\\' && quote == '"' && s->at + 1 < s->len && s->text[s->at + 1] != '\n')
			s->at++;
	}
	return wrong(s, from, "this string does not end");
}

static int long_quoted(struct scan *s, const char *quotes)
{
	size_t from = s->at;

	for (s->at += 3; s->at < s->len; s->at++) {
		if (begins(s, quotes)) {
			s->at += 3;
			for (int more = 0; more < 2 && peek(s) == quotes[0]; more++) /* quotes may be the last of its content */
				s->at++;
			return 0;
		}
		if (peek(s) == '\\' && quotes[0] == '"')
			s->at++;
	}
	s->at = s->len;
	return wrong(s, from, "this string does not end");
}

static int string(struct scan *s)
{
	if (begins(s, "\"\"\""))
		return long_quoted(s, "\"\"\"");
	return begins(s, "'''") ? long_quoted(s, "'''") : quoted(s);
}

/* A key with all its dots, behind what s->path holds. */
static int key(struct scan *s)
{
	for (;;) {
		size_t from, to;
		int rc;

		skip_blanks(s);
		from = s->at;
		if (peek(s) == '"' || peek(s) == '\'') {
			rc = quoted(s);
			if (rc < 0)
				return rc;
			from++;
			to = s->at - 1;
		} else {
			while (peek(s) > 0 && strchr(BARE, peek(s)))
				s->at++;
			to = s->at;
			if (from == to)
				return wrong(s, s->at, "here should be a key");
		}
		if (s->path.len)
			buf_puts(&s->path, TOML_DOT);
		buf_add(&s->path, s->text + from, to - from);
		skip_blanks(s);
		if (peek(s) != '.')
			return 0;
		s->at++;
	}
}

static int value(struct scan *s, unsigned depth);

/* 1: here is an item; 0: `close` was here. */
static int next_item(struct scan *s, size_t from, int close, const char *endless)
{
	skip_lines(s);
	if (peek(s) < 0)
		return wrong(s, from, endless);
	if (peek(s) != close)
		return 1;
	s->at++;
	return 0;
}

static int item_end(struct scan *s, int close, const char *neither)
{
	skip_lines(s);
	if (peek(s) == ',')
		s->at++;
	else if (peek(s) >= 0 && peek(s) != close)
		return wrong(s, s->at, neither);
	return 0;
}

static int array(struct scan *s, unsigned depth)
{
	size_t from = s->at++;
	int rc;

	while ((rc = next_item(s, from, ']', "this array does not end")) > 0) {
		rc = value(s, depth + 1);
		if (rc == 0)
			rc = item_end(s, ']', "here should be a comma, or the array's end");
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int inline_table(struct scan *s, unsigned depth)
{
	size_t from = s->at++, keep = s->path.len;
	int rc;

	while ((rc = next_item(s, from, '}', "this table does not end")) > 0) {
		rc = key(s);
		s->path.len = keep; /* what is inside has no place of its own */
		if (rc == 0 && peek(s) != '=')
			rc = wrong(s, s->at, "here should be an equals sign");
		if (rc < 0)
			return rc;
		s->at++;
		rc = value(s, depth + 1);
		if (rc == 0)
			rc = item_end(s, '}', "here should be a comma, or the table's end");
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int value(struct scan *s, unsigned depth)
{
	size_t from;

	if (depth == DEPTH)
		return wrong(s, s->at, "nested too deeply");
	skip_blanks(s);
	from = s->at;
	if (peek(s) == '"' || peek(s) == '\'')
		return string(s);
	if (peek(s) == '[')
		return array(s, depth);
	if (peek(s) == '{')
		return inline_table(s, depth);
	while (peek(s) > 0 && (strchr(BARE "+.:", peek(s))))
		s->at++;
	return s->at > from ? 0 : wrong(s, s->at, "here should be a value");
}

static int heading(struct scan *s, struct toml_item *ret)
{
	bool twice = begins(s, "[[");
	int rc;

	ret->from = s->at;
	ret->heading = true;
	s->at += twice ? 2 : 1;
	s->path.len = 0;
	rc = key(s);
	if (rc == 0 && !begins(s, twice ? "]]" : "]"))
		rc = wrong(s, s->at, "here should be the heading's end");
	if (rc < 0)
		return rc;
	s->at += twice ? 2 : 1;
	ret->to = ret->value = ret->end = s->at;
	s->table.len = 0;
	buf_add(&s->table, s->path.text, s->path.len);
	return 0;
}

static int pair(struct scan *s, struct toml_item *ret)
{
	int rc;

	ret->from = s->at;
	ret->heading = false;
	s->path.len = 0;
	if (s->table.len)
		buf_add(&s->path, s->table.text, s->table.len);
	rc = key(s);
	if (rc == 0 && peek(s) != '=')
		rc = wrong(s, s->at, "here should be an equals sign");
	if (rc < 0)
		return rc;
	s->at++;
	skip_blanks(s);
	ret->value = s->at;
	rc = value(s, 0);
	ret->to = ret->end = s->at;
	return rc;
}

static int check_bytes(struct scan *s)
{
	for (size_t i = 0; i < s->len; i++) {
		int c = here(s->text[i]);

		if ((c < 0x20 && c != '\t' && c != '\n' && !(c == '\r' && i + 1 < s->len && s->text[i + 1] == '\n')) || c == 0x7f)
			return wrong(s, i, "a control byte");
	}
	return 0;
}

static int scan(struct scan *s, bool (*take)(void *ctx, const struct toml_item *item), void *ctx)
{
	int rc = check_bytes(s);

	while (rc == 0) {
		struct toml_item item = { NULL, false, 0, 0, 0, 0 };

		skip_lines(s);
		if (peek(s) < 0)
			return 0;
		rc = peek(s) == '[' ? heading(s, &item) : pair(s, &item);
		if (rc == 0)
			rc = end_of_line(s);
		if (rc < 0)
			return rc;
		if (s->path.failed || s->table.failed)
			return fail(s->e, ENOMEM, "out of memory");
		s->path.text[s->path.len] = '\0';
		item.path = s->path.text;
		if (!take(ctx, &item))
			return 0;
	}
	return rc;
}

int toml_scan(const char *text, size_t len, bool (*take)(void *ctx, const struct toml_item *item), void *ctx, struct err *e)
{
	struct scan s = { .text = text, .len = len, .e = e };
	int rc = scan(&s, take, ctx);

	buf_done(&s.table);
	buf_done(&s.path);
	return rc;
}

static bool ignore(void *ctx, const struct toml_item *item)
{
	(void)ctx, (void)item;
	return true;
}

int toml_check(const char *text, size_t len, struct err *e)
{
	if (text && strlen(text) != len)
		return fail(e, EINVAL, "it has a NUL byte");
	return text ? toml_scan(text, len, ignore, NULL, e) : 0;
}

size_t toml_line(const char *text, size_t len, size_t at)
{
	struct toml_item item;
	struct err ignored;
	struct scan s = { .text = text, .at = at, .len = len, .e = &ignored };
	const char *end;

	skip_blanks(&s);
	if (peek(&s) >= 0 && !strchr("[#\r\n", peek(&s)) && pair(&s, &item) == 0)
		at = s.at;
	buf_done(&s.path);
	end = memchr(text + at, '\n', len - at);
	return end ? (size_t)(end + 1 - text) : len;
}

void toml_strings(const char *text, const struct toml_item *item, void (*take)(void *ctx, const char *word, size_t len), void *ctx)
{
	struct err ignored;
	struct scan s = { .text = text, .at = item->value, .len = item->end, .e = &ignored };

	if (peek(&s) != '[')
		return;
	for (s.at++;;) {
		size_t from;

		skip_lines(&s);
		from = s.at;
		if (peek(&s) < 0 || peek(&s) == ']' || value(&s, 1) < 0)
			return;
		if (s.text[from] == '"' || s.text[from] == '\'')
			take(ctx, text + from + 1, s.at - from - 2);
		skip_lines(&s);
		if (peek(&s) == ',')
			s.at++;
	}
}
