/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <string.h>
#include <yajl/yajl_parse.h>

#include "place.h"

/* A node costs about a hundred bytes where the text may have two. */
#define JSON_VALUES (4u << 20)

struct parser {
	struct json *root;
	struct json *open[JSON_DEPTH]; /* containers not yet closed, outermost first */
	unsigned     depth;
	char        *key;              /* of the member whose value comes next */
	unsigned     values;
	yajl_handle  yajl;
	size_t       end;              /* just behind the root value, 0: not yet known */
	struct err  *e;
	int          rc;               /* why we stopped yajl */
};

/* Length of the UTF-8 sequence at `s`, 0 when it is none.  yajl takes overlong forms (a NUL in
 * disguise), surrogates and what is beyond U+10FFFF; encoding/json replaces them. */
static size_t utf8_length(const unsigned char *s, size_t room)
{
	static const struct { unsigned char first, last, low, high; size_t len; } forms[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (forms[i].len > room)
			return 0;
		if (forms[i].len > 1 && (s[1] < forms[i].low || s[1] > forms[i].high))
			return 0;
		for (size_t n = 2; n < forms[i].len; n++)
			if (s[n] >> 6 != 2)
				return 0;
		return forms[i].len;
	}
	return 0;
}

/* Value of "uXXXX" at `s`, -1 when it is none. */
static int escape_value(const unsigned char *s, size_t room)
{
	int value = 0;

	if (room < 5 || s[0] != 'u')
		return -1;
	for (int i = 1; i <= 4; i++) {
		unsigned char lower = s[i] | 0x20;

		if (s[i] >= '0' && s[i] <= '9')
			value = value * 16 + (s[i] - '0');
		else if (lower >= 'a' && lower <= 'f')
			value = value * 16 + (lower - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/* Bytes from a backslash on that belong to it, 0 when no reader may see them: half a surrogate
 * pair is '?' to yajl, which then loses its place and can run into an assertion
 * (CVE-2017-16516), and U+FFFD to encoding/json; \u0000 ends a string for C only. */
static size_t escape_length(const unsigned char *s, size_t room)
{
	int first = escape_value(s + 1, room - 1);

	if (first == 0 || (first & 0xfc00) == 0xdc00)
		return 0;
	if (first < 0 || (first & 0xfc00) != 0xd800)
		return room > 1 ? 2 : 1;
	if (room < 12 || s[6] != '\\' || (escape_value(s + 7, room - 7) & 0xfc00) != 0xdc00)
		return 0;
	return 12;
}

/* Refuse, before yajl sees it, what yajl takes and others do not.  No need to know where strings
 * begin: a raw control byte is allowed nowhere, a backslash outside a string neither (and in a
 * comment it cannot reach beyond the comment's end). */
static int check_bytes(const char *text, size_t len, struct err *e)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		if (s[i] < 0x20 && s[i] != '\t' && s[i] != '\n' && s[i] != '\r')
			return fail(e, EINVAL, "line %zu:%zu: raw control byte 0x%02x", place_of(text, i).line,
				    place_of(text, i).column, s[i]);
		if (s[i] == '\\') {
			n = escape_length(s + i, len - i);
			if (n == 0)
				return fail(e, EINVAL, "line %zu:%zu: \"%.*s\" is NUL or half a "
					    "character, which readers take differently",
					    place_of(text, i).line, place_of(text, i).column,
					    (int)(len - i < 6 ? len - i : 6), text + i);
		} else {
			n = utf8_length(s + i, len - i);
			if (n == 0)
				return fail(e, EINVAL, "line %zu:%zu: byte 0x%02x is not UTF-8",
					    place_of(text, i).line, place_of(text, i).column, s[i]);
		}
	}
	return 0;
}

static int refuse(struct parser *p, int rc)
{
	p->rc = rc;
	return 0; /* tells yajl to stop */
}

static int no_memory(struct parser *p)
{
	return refuse(p, fail(p->e, ENOMEM, "out of memory"));
}

/* A value is complete. */
static void note_end(struct parser *p)
{
	if (p->depth == 0)
		p->end = yajl_get_bytes_consumed(p->yajl);
}

static struct json *place(struct parser *p, enum json_type type)
{
	struct json *parent = p->depth ? p->open[p->depth - 1] : NULL;
	struct json *v = json_new(type);

	if (!v) {
		no_memory(p);
		return NULL;
	}
	v->key = STEAL(p->key);
	if (!parent)
		p->root = v;
	else if (parent->last)
		parent->last->next = v;
	else
		parent->child = v;
	if (parent)
		parent->last = v;
	if (p->values++ < JSON_VALUES)
		return v;
	refuse(p, fail(p->e, EFBIG, "more than %u values", JSON_VALUES));
	return NULL;
}

static int place_text(struct parser *p, enum json_type type, const char *text, size_t len)
{
	struct json *v = place(p, type);

	if (!v)
		return 0;
	v->text = strndup(text, len);
	note_end(p);
	return v->text ? 1 : no_memory(p);
}

static int enter(struct parser *p, enum json_type type)
{
	struct json *v;

	if (p->depth == JSON_DEPTH)
		return refuse(p, fail(p->e, EINVAL, "nested deeper than %d", JSON_DEPTH));
	v = place(p, type);
	if (!v)
		return 0;
	p->open[p->depth++] = v;
	return 1;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int twin(struct parser *p, const struct json *object, const char *key)
{
	return refuse(p, fail(p->e, EINVAL, "key \"%.80s\" appears twice in %s%.80s%s", key,
			      object->key ? "\"" : "an object", object->key ? object->key : "",
			      object->key ? "\"" : ""));
}

static int check_twins(struct parser *p, const struct json *object)
{
	auto_free const char **keys = NULL;
	size_t count = 0, i = 0;

	for (const struct json *v = object->child; v; v = v->next)
		count++;
	if (count < 2)
		return 1;
	keys = malloc(count * sizeof(*keys));
	if (!keys)
		return no_memory(p);
	for (const struct json *v = object->child; v; v = v->next)
		keys[i++] = v->key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (i = 1; i < count; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			return twin(p, object, keys[i]);
	return 1;
}

static int on_null(void *ctx)
{
	bool ok = place(ctx, JSON_NULL);

	note_end(ctx);
	return ok;
}

static int on_boolean(void *ctx, int value)
{
	bool ok = place(ctx, value ? JSON_TRUE : JSON_FALSE);

	note_end(ctx);
	return ok;
}

static int on_number(void *ctx, const char *text, size_t len)
{
	return place_text(ctx, JSON_NUMBER, text, len);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	return place_text(ctx, JSON_STRING, (const char *)text, len);
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	struct parser *p = ctx;

	p->key = strndup((const char *)text, len);
	return p->key ? 1 : no_memory(p);
}

static int on_object(void *ctx)
{
	return enter(ctx, JSON_OBJECT);
}

static int on_array(void *ctx)
{
	return enter(ctx, JSON_ARRAY);
}

static int on_object_end(void *ctx)
{
	struct parser *p = ctx;
	const struct json *object = p->open[--p->depth];

	note_end(p);
	return check_twins(p, object);
}

static int on_array_end(void *ctx)
{
	struct parser *p = ctx;

	p->depth--;
	note_end(p);
	return 1;
}

static int say(struct parser *p, const char *text, size_t len)
{
	size_t at = yajl_get_bytes_consumed(p->yajl);
	unsigned char *why = yajl_get_error(p->yajl, 0, (const unsigned char *)text, len);
	const char *words = why ? (const char *)why : "out of memory";

	/* what it has consumed ends with what is wrong */
	struct place where = place_of(text, at > len ? len : at ? at - 1 : 0);
	fail(p->e, EINVAL, "not JSON: %.*s, line %zu:%zu", (int)strcspn(words, "\n"), words, where.line, where.column);
	if (why)
		yajl_free_error(p->yajl, why);
	return -EINVAL;
}

/* yajl takes `{} "abc`: a token that the end of the text cuts off is no garbage to it. */
static int check_tail(const char *text, size_t at, size_t len, bool comments, struct err *e)
{
	while (at < len) {
		const char *end = NULL;

		if (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') {
			at++;
			continue;
		}
		if (comments && len - at > 1 && text[at] == '/' && text[at + 1] == '/') {
			end = memchr(text + at, '\n', len - at);
			end = end ? end : text + len;
		} else if (comments && len - at > 3 && text[at] == '/' && text[at + 1] == '*') {
			end = memmem(text + at + 2, len - at - 2, "*/", 2);
			end = end ? end + 2 : NULL;
		}
		if (!end)
			return fail(e, EINVAL, "not JSON: something follows the value, line %zu:%zu",
				    place_of(text, at).line, place_of(text, at).column);
		at = (size_t)(end - text);
	}
	return 0;
}

static int run(struct parser *p, const char *text, size_t len, unsigned flags)
{
	bool comments = flags & JSON_COMMENTS;
	yajl_status status;

	yajl_config(p->yajl, yajl_allow_comments, comments ? 1 : 0);
	/* One chunk: the lexer's buffer for split tokens stays out of play. */
	status = yajl_parse(p->yajl, (const unsigned char *)text, len);
	if (p->rc == 0 && p->end)
		return check_tail(text, p->end, len, comments, p->e);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(p->yajl);
	if (p->rc < 0)
		return p->rc;
	return status == yajl_status_ok ? 0 : say(p, text, len);
}

int json_parse(const char *text, size_t len, unsigned flags, struct json **ret, struct err *e)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,         .yajl_boolean = on_boolean,
		.yajl_number = on_number,     .yajl_string = on_string,
		.yajl_start_map = on_object,  .yajl_map_key = on_key,
		.yajl_end_map = on_object_end, .yajl_start_array = on_array,
		.yajl_end_array = on_array_end,
	};
	struct parser p = { .e = e };
	int rc;

	if (len > JSON_BYTES)
		return fail(e, EFBIG, "larger than %u bytes", JSON_BYTES);
	rc = check_bytes(text, len, e);
	if (rc < 0)
		return rc;
	p.yajl = yajl_alloc(&callbacks, NULL, &p);
	if (!p.yajl)
		return fail(e, ENOMEM, "out of memory");
	rc = run(&p, text, len, flags);
	yajl_free(p.yajl);
	free(p.key);
	if (rc < 0)
		json_free(p.root);
	else
		*ret = p.root;
	return rc;
}
