/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile_emit.c - a profile as text, canonical: programs by path and name, contributors by id,
 * n-grams by program and tokens, whatever order they were learned in.
 */
#include <stdio.h>
#include <string.h>

#include "gram_line.h"

/* `rank[i]` is the place of program i in the text, `at[r]` the program in place r; both from 1. */
struct ranks {
	u32 *rank, *at;
};

static void ranks_done(struct ranks *r)
{
	free(r->rank);
	free(r->at);
}

static int compare_programs(const struct program *a, const struct program *b)
{
	int by = strcmp(a->path, b->path);

	if (by == 0)
		by = strcmp(a->name, b->name);
	return by ? by : (int)a->session - (int)b->session;
}

static int rank_programs(const struct profile *p, struct ranks *ret, struct err *e)
{
	ret->rank = calloc(p->nprograms, sizeof(*ret->rank));
	ret->at = calloc(p->nprograms, sizeof(*ret->at));
	if (!ret->rank || !ret->at)
		return fail(e, ENOMEM, "out of memory");
	/* By insertion: at most a thousand, and they come nearly sorted, as they were read. */
	for (u32 i = 1; i < p->nprograms; i++) {
		u32 place = i;

		while (place > 1 &&
		       compare_programs(&p->programs[ret->at[place - 1]], &p->programs[i]) > 0) {
			ret->at[place] = ret->at[place - 1];
			place--;
		}
		ret->at[place] = i;
	}
	for (u32 r = 1; r < p->nprograms; r++)
		ret->rank[ret->at[r]] = r;
	return 0;
}

static struct json *number(u64 value)
{
	return json_num(value > INT64_MAX ? INT64_MAX : (long long)value);
}

static bool emit_head(struct json *doc, const struct profile *p)
{
	return json_set(doc, "format", json_num(PROFILE_FORMAT)) &&
	       json_set(doc, "scope", json_str(p->scope)) &&
	       json_set(doc, "name", json_str(p->name)) &&
	       json_set(doc, "image", json_str(p->image)) &&
	       json_set(doc, "arch", json_str(p->arch)) &&
	       json_set(doc, "state", json_str(profile_state_name(p->state))) &&
	       json_set(doc, "why", json_str(p->why)) &&
	       json_set(doc, "version", number(p->version)) &&
	       json_set(doc, "order", number(p->order)) &&
	       json_set(doc, "proving_since", number(p->proving_since)) &&
	       json_set(doc, "proved", number(p->proved)) &&
	       (p->enforced == 0 || json_set(doc, "enforced", number(p->enforced))) &&
	       json_set(doc, "score_max", json_num(p->score_max));
}

static bool emit_programs(struct json *doc, const struct profile *p, const struct ranks *r)
{
	struct json *array = json_set(doc, "programs", json_new(JSON_ARRAY));

	for (u32 i = 1; i < p->nprograms; i++) {
		const struct program *g = &p->programs[r->at[i]];
		struct json *o = json_add(array, json_new(JSON_OBJECT));

		if (!json_set(o, "path", json_str(g->path)) ||
		    !json_set(o, "name", json_str(g->name)) ||
		    !json_set(o, "sha256", json_str(g->sha256)) ||
		    !json_set(o, "session", json_flag(g->session)) ||
		    !json_set(o, "open_until", number(g->open_until)))
			return false;
	}
	return array != NULL;
}

static bool emit_contributor(struct json *o, const struct contributor *c, const struct profile *p,
			     const struct ranks *r)
{
	struct json *units;
	char id[16];

	snprintf(id, sizeof(id), "%08x", c->id);
	if (!json_set(o, "id", json_str(id)) || !json_set(o, "container", json_str(c->container)) ||
	    !json_set(o, "host", json_str(c->host)) ||
	    !json_set(o, "started", number(c->started)) ||
	    !json_set(o, "seconds", number(c->seconds)) ||
	    !json_set(o, "calls", number(c->calls)) || !json_set(o, "lost", number(c->lost)) ||
	    !json_set(o, "floor", number(c->floor)) || !json_set(o, "late", json_flag(c->late)) ||
	    !json_set(o, "stopped", json_flag(c->stopped)) ||
	    !json_set(o, "reloads", number(c->reloads)))
		return false;
	units = json_set(o, "units", json_new(JSON_ARRAY));
	for (u32 i = 1; i < p->nprograms; i++)
		if (!json_add(units, number(c->units[r->at[i]])))
			return false;
	return units != NULL;
}

static int by_id(const void *a, const void *b)
{
	u32 left = (*(const struct contributor *const *)a)->id;
	u32 right = (*(const struct contributor *const *)b)->id;

	return left < right ? -1 : left > right;
}

static bool emit_contributors(struct json *doc, const struct profile *p, const struct ranks *r)
{
	struct json *array = json_set(doc, "contributors", json_new(JSON_ARRAY));
	auto_free const struct contributor **all = calloc(p->ncontributors + 1u, sizeof(struct contributor *));

	if (!array || !all)
		return false;
	for (u32 i = 0; i < p->ncontributors; i++)
		all[i] = &p->contributors[i];
	qsort(all, p->ncontributors, sizeof(struct contributor *), by_id);
	for (u32 i = 0; i < p->ncontributors; i++)
		if (!emit_contributor(json_add(array, json_new(JSON_OBJECT)), all[i], p, r))
			return false;
	return true;
}

static bool emit_gram(struct json *array, const struct gram *g)
{
	auto_buf line = { 0 };

	gram_line_emit(g, &line);
	return !line.failed && json_add(array, json_str(line.text));
}

static int by_key(const void *a, const void *b)
{
	u64 left = ((const struct gram *)a)->key, right = ((const struct gram *)b)->key;

	return left < right ? -1 : left > right;
}

static int emit_grams(struct json *doc, const struct profile *p, const struct ranks *r,
		      struct err *e)
{
	struct json *array = json_set(doc, "grams", json_new(JSON_ARRAY));
	auto_free struct gram *all = NULL;
	size_t count = model_count(p->model), n = 0;
	int rc = model_sorted(p->model, &all, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < count; i++) {
		u32 program = gram_program(all[i].key);

		if (program == 0 || program >= p->nprograms)
			continue; /* nobody's: it could never be looked up */
		all[n] = all[i];
		all[n++].key = gram_key(r->rank[program], all[i].key & GRAM_MASK);
	}
	qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 0; i < n; i++)
		if (!emit_gram(array, &all[i]))
			return fail(e, ENOMEM, "out of memory");
	return array ? 0 : fail(e, ENOMEM, "out of memory");
}

int profile_emit(const struct profile *p, struct buf *to, struct err *e)
{
	__attribute__((cleanup(ranks_done))) struct ranks ranks = { 0 };
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	int rc = rank_programs(p, &ranks, e);

	if (rc < 0)
		return rc;
	if (!emit_head(doc, p) || !emit_programs(doc, p, &ranks) ||
	    !emit_contributors(doc, p, &ranks))
		return fail(e, ENOMEM, "out of memory");
	rc = emit_grams(doc, p, &ranks, e);
	if (rc < 0)
		return rc;
	json_emit(doc, 1, to);
	if (to->len && to->text[to->len - 1] != '\n')
		buf_puts(to, "\n");
	if (to->failed || to->len > PROFILE_BYTES)
		return fail(e, to->failed ? ENOMEM : EFBIG,
			    "the profile of %s does not fit into %u MiB: learn it again with a "
			    "lower order",
			    p->name, PROFILE_BYTES >> 20);
	return 0;
}
