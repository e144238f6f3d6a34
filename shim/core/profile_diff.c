/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile_diff.h"

#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "table.h"

void profile_program_text(const struct program *p, struct buf *to)
{
	const char *base = strrchr(p->path, '/');

	text_clean(to, p->path);
	if (*p->name && strcmp(p->name, base ? base + 1 : p->path) != 0) {
		buf_puts(to, " as ");
		text_clean(to, p->name);
	}
	if (p->session)
		buf_puts(to, " (exec session)");
}

/* "/usr/sbin/nginx: openat read", runs over acting calls with a "~" in front. */
static void gram_words(const struct profile *p, u64 key, struct buf *to)
{
	u64 gram = key & GRAM_MASK;
	char room[24];

	profile_program_text(&p->programs[gram_program(key)], to);
	buf_puts(to, ":");
	if (gram_last(gram >> (GRAM_BITS * (GRAM_ORDER_MAX - 1)), 1) == TOKEN_ACTING) {
		buf_puts(to, " ~");
		gram &= ~((u64)GRAM_TOKEN << (GRAM_BITS * (GRAM_ORDER_MAX - 1)));
	}
	for (u32 n = gram_length(gram, GRAM_ORDER_MAX); n-- > 0;) {
		buf_puts(to, " ");
		buf_puts(to, calls_token_name(gram_last(gram >> (GRAM_BITS * n), 1), room));
	}
}

static bool add_words(struct json *array, struct buf *words)
{
	bool added = !words->failed && json_add(array, json_str(words->text));

	buf_done(words);
	return added;
}

static bool missing_programs(const struct profile *from, const struct profile *in, u32 *map,
			     struct json *to)
{
	for (u32 i = 1; i < from->nprograms; i++) {
		const struct program *p = &from->programs[i];
		auto_buf words = { 0 };

		map[i] = profile_program(in, p->path, p->name, p->session);
		if (map[i])
			continue;
		profile_program_text(p, &words);
		if (!add_words(to, &words))
			return false;
	}
	return true;
}

static bool missing_grams(const struct profile *from, const struct profile *in, const u32 *map,
			  const struct gram *grams, struct json *to)
{
	for (size_t i = 0; i < model_count(from->model); i++) {
		u32 program = gram_program(grams[i].key);
		auto_buf words = { 0 };

		if (program >= from->nprograms || program == 0)
			continue;
		if (map[program] &&
		    model_has(in->model, gram_key(map[program], grams[i].key & GRAM_MASK)))
			continue;
		gram_words(from, grams[i].key, &words);
		if (!add_words(to, &words))
			return false;
	}
	return true;
}

/* What `from` has and `in` has not, as doc.KEY. */
static int one_side(const struct profile *from, const struct profile *in, struct json *doc,
		    const char *key, struct err *e)
{
	struct json *side = json_set(doc, key, json_new(JSON_OBJECT));
	struct json *programs = json_set(side, "programs", json_new(JSON_ARRAY));
	struct json *grams = json_set(side, "grams", json_new(JSON_ARRAY));
	auto_free u32 *map = calloc(from->nprograms + 1u, sizeof(*map));
	auto_free struct gram *sorted = NULL;
	int rc = model_sorted(from->model, &sorted, e);

	if (rc < 0)
		return rc;
	if (!programs || !grams || !map || !missing_programs(from, in, map, programs) ||
	    !missing_grams(from, in, map, sorted, grams))
		return fail(e, ENOMEM, "out of memory");
	return 0;
}

static bool changed(struct json *to, const char *key, const char *a, const char *b)
{
	struct json *row;

	if (strcmp(a, b) == 0)
		return true;
	row = json_add(to, json_new(JSON_OBJECT));
	return json_set(row, "key", json_str(key)) && json_set(row, "from", json_str(a)) &&
	       json_set(row, "to", json_str(b));
}

static bool changed_number(struct json *to, const char *key, u64 a, u64 b)
{
	char from[24], into[24];

	snprintf(from, sizeof(from), "%llu", (unsigned long long)a);
	snprintf(into, sizeof(into), "%llu", (unsigned long long)b);
	return changed(to, key, from, into);
}

static bool nothing(const struct json *side)
{
	return !json_get(side, "programs")->child && !json_get(side, "grams")->child;
}

int profile_diff(const struct profile *a, const struct profile *b, struct json **ret, struct err *e)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	struct json *equal = json_set(doc, "equal", json_flag(false));
	struct json *rows = json_set(doc, "changed", json_new(JSON_ARRAY));
	bool same;
	int rc;

	if (!equal || !rows || !changed(rows, "scope", a->scope, b->scope) ||
	    !changed(rows, "name", a->name, b->name) ||
	    !changed(rows, "image", a->image, b->image) ||
	    !changed(rows, "arch", a->arch, b->arch) ||
	    !changed(rows, "state", profile_state_name(a->state), profile_state_name(b->state)) ||
	    !changed_number(rows, "version", a->version, b->version) ||
	    !changed_number(rows, "order", a->order, b->order))
		return fail(e, ENOMEM, "out of memory");
	rc = one_side(a, b, doc, "removed", e);
	if (rc == 0)
		rc = one_side(b, a, doc, "added", e);
	if (rc < 0)
		return rc;
	same = !rows->child && nothing(json_get(doc, "removed")) && nothing(json_get(doc, "added"));
	if (!json_set(doc, "equal", json_flag(same)))
		return fail(e, ENOMEM, "out of memory");
	*ret = STEAL(doc);
	return 0;
}

static void lines(const struct json *side, const char *key, const char *sign, struct buf *to)
{
	for (const struct json *v = json_get(side, key)->child; v; v = v->next)
		buf_printf(to, "%s %s %s\n", sign,
			   strcmp(key, "grams") == 0 ? "gram   " : "program", v->text);
}

void profile_diff_text(const struct json *diff, struct buf *to)
{
	for (const struct json *v = json_get(diff, "changed")->child; v; v = v->next) {
		buf_printf(to, "! %s: ", json_string(json_get(v, "key")));
		text_clean(to, json_string(json_get(v, "from")));
		buf_puts(to, " -> ");
		text_clean(to, json_string(json_get(v, "to")));
		buf_puts(to, "\n");
	}
	lines(json_get(diff, "removed"), "programs", "-", to);
	lines(json_get(diff, "added"), "programs", "+", to);
	lines(json_get(diff, "removed"), "grams", "-", to);
	lines(json_get(diff, "added"), "grams", "+", to);
}
