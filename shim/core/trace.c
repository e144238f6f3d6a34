/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <string.h>

#define WORDS 5

/* A line, cut at its blanks. */
struct words {
	const char *at[WORDS];
	size_t len[WORDS];
	int count;
};

static int hex(char ch)
{
	static const char digits[] = "0123456789ABCDEFabcdef";
	const char *p = ch ? strchr(digits, ch) : NULL;

	if (!p)
		return -1;
	return (int)(p - digits) < 16 ? (int)(p - digits) : (int)(p - digits) - 6;
}

/* A '%' that no two digits follow is itself: older recorders wrote names as they were. */
static int decode(const char *from, size_t len, char *to, size_t room, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char ch = from[i];

		if (ch == '%' && len - i > 2 && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0) {
			ch = (char)(hex(from[i + 1]) * 16 + hex(from[i + 2]));
			i += 2;
		}
		if (ch == '\0')
			return fail(e, EINVAL, "NUL in a name");
		if (n + 1 >= room)
			return fail(e, EINVAL, "a name longer than %zu bytes", room - 1);
		to[n++] = ch;
	}
	to[n] = '\0';
	return 0;
}

/* Bytes above 127 stay: names are mostly UTF-8. */
static void encode(const char *text, bool blanks, struct buf *to)
{
	for (; *text; text++) {
		unsigned char ch = (unsigned char)*text;

		if (ch < ' ' || ch == 127 || ch == '%' || (blanks && ch == ' '))
			buf_printf(to, "%%%02X", ch);
		else
			buf_add(to, text, 1);
	}
}

static int split(const char *line, size_t len, struct words *ret, struct err *e)
{
	struct words w = { .count = 0 };
	size_t i = 0;

	for (;;) {
		while (i < len && line[i] == ' ')
			i++;
		if (i == len)
			break;
		if (w.count == WORDS)
			return fail(e, EINVAL, "a trace line has at most %d words", WORDS);
		w.at[w.count] = line + i;
		while (i < len && line[i] != ' ')
			i++;
		w.len[w.count] = (size_t)(line + i - w.at[w.count]);
		w.count++;
	}
	*ret = w;
	return w.count ? 0 : fail(e, EINVAL, "an empty line in a trace");
}

static int number(const char *at, size_t len, u64 most, u64 *ret, struct err *e)
{
	u64 n = 0;

	for (size_t i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9' || i >= 19)
			return fail(e, EINVAL, "\"%.*s\" is no number", (int)(len < 40 ? len : 40),
				    at);
		n = n * 10 + (u64)(at[i] - '0');
	}
	if (len == 0)
		return fail(e, EINVAL, "a number is missing");
	if (n > most)
		return fail(e, EINVAL, "a number must be 0 to %llu", (unsigned long long)most);
	*ret = n;
	return 0;
}

static int thread_number(const struct words *w, int i, u32 *ret, struct err *e)
{
	u64 n = 0;
	int rc;

	if (i >= w->count)
		return fail(e, EINVAL, "the number of a thread is missing");
	rc = number(w->at[i], w->len[i], TRACE_THREADS - 1, &n, e);
	*ret = (u32)n;
	return rc;
}

static int read_flags(const char *at, size_t len, struct trace_line *l, struct err *e)
{
	for (size_t i = 0; i < len; i++) {
		if (at[i] == 'c' && !l->changed)
			l->changed = true;
		else if (at[i] == 's' && !l->session)
			l->session = true;
		else
			return fail(e, EINVAL, "\"%.*s\" are no flags: c, s or both",
				    (int)(len < 40 ? len : 40), at);
	}
	return 0;
}

/* PATH [NAME [FLAGS]] */
static int read_program(const struct words *w, struct trace_line *l, struct err *e)
{
	const char *base;
	size_t length;
	int rc;

	if (w->count < 3)
		return fail(e, EINVAL, "the path of the program is missing");
	rc = decode(w->at[2], w->len[2], l->text, sizeof(l->text), e);
	if (rc == 0 && w->count > 4)
		rc = read_flags(w->at[4], w->len[4], l, e);
	if (rc < 0)
		return rc;
	if (w->count > 3)
		return decode(w->at[3], w->len[3], l->name, sizeof(l->name), e);
	base = strrchr(l->text, '/');
	base = base ? base + 1 : l->text;
	length = strlen(base);
	if (length >= sizeof(l->name))
		return fail(e, EINVAL, "a name longer than %zu bytes", sizeof(l->name) - 1);
	memcpy(l->name, base, length + 1);
	return 0;
}

static int read_lost(const struct words *w, struct trace_line *l, struct err *e)
{
	if (w->count < 3)
		return fail(e, EINVAL, "the number of lost events is missing");
	return number(w->at[2], w->len[2], INT64_MAX, &l->value, e);
}

static int read_call(const struct words *w, struct trace_line *l, struct err *e)
{
	const char *at = w->count > 1 ? w->at[1] : "";
	size_t len = w->count > 1 ? w->len[1] : 0;
	u64 call = 0, count = 1;
	int rc = thread_number(w, 0, &l->thread, e);

	l->kind = TRACE_CALL;
	if (len > 2 && at[1] == ':') {
		if (at[0] == 'f')
			l->kind = TRACE_FLOOR;
		else if (at[0] == 'c')
			l->abi = ABI_COMPAT;
		else if (at[0] == 'x')
			l->abi = ABI_X32;
		else
			return fail(e, EINVAL, "\"%.*s\" is no ABI: c, x, or f for the floor", 2,
				    at);
		at += 2;
		len -= 2;
	}
	if (rc == 0)
		rc = number(at, len, UINT32_MAX, &call, e);
	if (rc == 0 && w->count > 2)
		rc = number(w->at[2], w->len[2], 1000000000, &count, e);
	if (rc == 0 && (count == 0 || w->count > 3))
		rc = fail(e, EINVAL, "a call is THREAD NUMBER [COUNT], with a count of at least 1");
	l->call = (u32)call;
	l->count = (u32)count;
	return rc;
}

/* The letter that begins a line, what it is, and how many words it has. */
static const struct letter {
	char letter;
	enum trace_kind kind;
	int least, most;
} letters[] = {
	{ 't', TRACE_THREAD, 3, 3 }, { 'f', TRACE_FORK, 3, 3 },   { 'x', TRACE_EXEC, 3, 5 },
	{ 'r', TRACE_RUNS, 3, 5 },   { 's', TRACE_SIGNAL, 2, 2 }, { 'e', TRACE_EXIT, 2, 2 },
	{ 'l', TRACE_LOST, 3, 3 },   { 'g', TRACE_LEFT, 2, 2 },
};

static int read_letter(const struct words *w, const struct letter *as, struct trace_line *l,
		       struct err *e)
{
	int rc = 0;

	if (w->count < as->least || w->count > as->most)
		return fail(e, EINVAL, "a line that begins with %c has %d words, not %d",
			    as->letter, as->least, w->count);
	l->kind = as->kind;
	rc = thread_number(w, 1, &l->thread, e);
	if (rc < 0)
		return rc;
	switch (as->kind) {
	case TRACE_FORK:
		return thread_number(w, 2, &l->other, e);
	case TRACE_THREAD:
		return decode(w->at[2], w->len[2], l->text, sizeof(l->text), e);
	case TRACE_EXEC:
	case TRACE_RUNS:
		return read_program(w, l, e);
	case TRACE_LOST:
		return read_lost(w, l, e);
	default:
		return 0;
	}
}

static int read_words(const char *line, size_t len, struct trace_line *l, struct err *e)
{
	struct words w = { .count = 0 };
	int rc = split(line, len, &w, e);

	if (rc < 0)
		return rc;
	if (w.len[0] == 1)
		for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
			if (w.at[0][0] == letters[i].letter)
				return read_letter(&w, &letters[i], l, e);
	return read_call(&w, l, e);
}

int trace_parse(const char *line, size_t len, struct trace_line *ret, struct err *e)
{
	struct trace_line l = { .abi = ABI_NATIVE };
	int rc;

	if (len > 0 && line[0] == '#') {
		size_t blank = len > 1 && line[1] == ' ' ? 2 : 1;

		l.kind = TRACE_HEADER;
		rc = decode(line + blank, len - blank, l.text, sizeof(l.text), e);
	} else if (len > 0 && line[0] == '@') {
		l.kind = TRACE_TIME;
		rc = number(line + 1, len - 1, INT64_MAX, &l.value, e);
	} else {
		rc = read_words(line, len, &l, e);
	}
	if (rc == 0)
		*ret = l;
	return rc;
}

/* A word must not be empty, or the next one would be taken for it. */
static void emit_word(const char *text, struct buf *to)
{
	buf_puts(to, " ");
	encode(*text ? text : "?", true, to);
}

static void emit_program(const struct trace_line *l, struct buf *to)
{
	const char *base = strrchr(l->text, '/');

	emit_word(l->text, to);
	if (l->changed || l->session || strcmp(l->name, base ? base + 1 : l->text) != 0)
		emit_word(l->name, to);
	if (l->changed || l->session)
		buf_printf(to, " %s%s", l->changed ? "c" : "", l->session ? "s" : "");
}

static void emit_call(const struct trace_line *l, struct buf *to)
{
	const char *mark = l->kind == TRACE_FLOOR ? "f:" : l->abi == ABI_COMPAT ? "c:" :
			   l->abi == ABI_X32 ? "x:" : "";

	buf_printf(to, "%u %s%u", l->thread, mark, l->call);
	if (l->count > 1)
		buf_printf(to, " %u", l->count);
}

static void emit_letter(const struct trace_line *l, struct buf *to)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].kind == l->kind)
			buf_printf(to, "%c %u", letters[i].letter, l->thread);
	if (l->kind == TRACE_THREAD)
		emit_word(l->text, to);
	else if (l->kind == TRACE_FORK)
		buf_printf(to, " %u", l->other);
	else if (l->kind == TRACE_LOST)
		buf_printf(to, " %llu", (unsigned long long)l->value);
	else if (l->kind == TRACE_EXEC || l->kind == TRACE_RUNS)
		emit_program(l, to);
}

void trace_emit(const struct trace_line *l, struct buf *to)
{
	if (l->kind == TRACE_HEADER) {
		buf_puts(to, "# ");
		encode(l->text, false, to);
	} else if (l->kind == TRACE_TIME) {
		buf_printf(to, "@%llu", (unsigned long long)l->value);
	} else if (l->kind == TRACE_CALL || l->kind == TRACE_FLOOR) {
		emit_call(l, to);
	} else {
		emit_letter(l, to);
	}
	buf_puts(to, "\n");
}
