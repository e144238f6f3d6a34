/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile_merge.c - the union of two profiles.
 *
 * Every rule below is a maximum, a union, or a choice by a fixed order: that alone makes the merge
 * commutative, associative and idempotent.
 */
#include <string.h>

#include "profile.h"

#define TAKE_MAX(a, b) ((a) = (b) > (a) ? (b) : (a))

static int refuse_other(const struct profile *into, const struct profile *from, struct err *e)
{
	const struct { const char *what, *a, *b; } keys[] = {
		{ "scope", into->scope, from->scope }, { "name", into->name, from->name },
		{ "image", into->image, from->image }, { "arch", into->arch, from->arch },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].a, keys[i].b) != 0)
			return fail(e, EINVAL, "profiles of different workloads do not merge: %s "
				    "is %.80s in one and %.80s in the other",
				    keys[i].what, keys[i].a, keys[i].b);
	if (into->order != from->order)
		return fail(e, EINVAL, "profiles of different orders do not merge: %u and %u; "
			    "learn one of them again", into->order, from->order);
	return 0;
}

/* Of two strings the greater one; "" gives way to any. */
static int take_greater(char **into, const char *from, struct err *e)
{
	char *copy;

	if (strcmp(*into, from) >= 0)
		return 0;
	copy = strdup(from);
	if (!copy)
		return fail(e, ENOMEM, "out of memory");
	free(*into);
	*into = copy;
	return 0;
}

/* `map` gives for each program of `from` its index in `into`. */
static int merge_programs(struct profile *into, const struct profile *from, u32 *map, struct err *e)
{
	int rc = 0;

	map[0] = 0;
	for (u32 i = 1; i < from->nprograms && rc == 0; i++) {
		const struct program *g = &from->programs[i];
		struct program *mine;

		rc = profile_add_program(into, g->path, g->name, g->session, &map[i], e);
		if (rc < 0)
			return rc;
		mine = &into->programs[map[i]];
		if (strcmp(mine->sha256, g->sha256) < 0)
			memcpy(mine->sha256, g->sha256, sizeof(mine->sha256));
		TAKE_MAX(mine->open_until, g->open_until);
	}
	return rc;
}

static int merge_grams(struct profile *into, const struct profile *from, const u32 *map,
		       struct err *e)
{
	const struct gram *g;
	size_t at = 0;

	while ((g = model_next(from->model, &at))) {
		u32 program = gram_program(g->key);
		u64 key;

		if (program >= from->nprograms)
			return fail(e, EINVAL, "an n-gram belongs to program %u of %u", program,
				    from->nprograms - 1);
		key = gram_key(map[program], g->key & GRAM_MASK);
		for (int i = 0; i < MODEL_OWNERS && g->owner[i]; i++) {
			int rc = model_add(into->model, key, g->owner[i], e);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

/* The account of `id` in `into`, an empty one if there was none; NULL: out of memory. */
static struct contributor *contributor_of(struct profile *into, u32 id)
{
	struct contributor *all, c = { .id = id };

	for (u32 i = 0; i < into->ncontributors; i++)
		if (into->contributors[i].id == id)
			return &into->contributors[i];
	all = realloc(into->contributors, (into->ncontributors + 1) * sizeof(*all));
	if (!all)
		return NULL;
	into->contributors = all;
	c.container = strdup("");
	c.host = strdup("");
	c.units = calloc(into->nprograms, sizeof(*c.units));
	if (!c.container || !c.host || !c.units) {
		free(c.container);
		free(c.host);
		free(c.units);
		return NULL;
	}
	all[into->ncontributors++] = c;
	return &all[into->ncontributors - 1];
}

static int merge_contributor(struct profile *into, const struct profile *from,
			     const struct contributor *c, const u32 *map, struct err *e)
{
	struct contributor *mine = contributor_of(into, c->id);
	int rc;

	if (!mine)
		return fail(e, ENOMEM, "out of memory");
	rc = take_greater(&mine->container, c->container, e);
	if (rc == 0)
		rc = take_greater(&mine->host, c->host, e);
	if (rc < 0)
		return rc;
	TAKE_MAX(mine->started, c->started);
	TAKE_MAX(mine->seconds, c->seconds);
	TAKE_MAX(mine->calls, c->calls);
	TAKE_MAX(mine->lost, c->lost);
	TAKE_MAX(mine->floor, c->floor);
	TAKE_MAX(mine->reloads, c->reloads);
	mine->late |= c->late;
	mine->stopped |= c->stopped;
	for (u32 i = 1; i < from->nprograms; i++)
		TAKE_MAX(mine->units[map[i]], c->units[i]);
	return 0;
}

/* How little a state is trusted. */
static int doubt(enum profile_state s)
{
	static const int doubts[] = {
		[PROFILE_LEARNING] = 2,
		[PROFILE_PROVING] = 1,
		[PROFILE_READY] = 0,
		[PROFILE_SUSPECT] = 3,
	};

	return doubts[s];
}

/* The clean stretch of the merged profile is the shorter one, and began with the later: what one
 * of the two has learned was not judged by the other. */
static int merge_state(struct profile *into, const struct profile *from, struct err *e)
{
	int rc = 0;

	if (doubt(into->state) == doubt(from->state)) {
		rc = take_greater(&into->why, from->why, e);
	} else if (doubt(into->state) < doubt(from->state)) {
		char *why = strdup(from->why);

		if (!why)
			return fail(e, ENOMEM, "out of memory");
		free(into->why);
		into->why = why;
		into->state = from->state;
	}
	TAKE_MAX(into->version, from->version);
	TAKE_MAX(into->proving_since, from->proving_since);
	TAKE_MAX(into->enforced, from->enforced);
	TAKE_MAX(into->score_max, from->score_max);
	if (from->proved < into->proved)
		into->proved = from->proved;
	return rc;
}

int profile_merge(struct profile *into, const struct profile *from, struct err *e)
{
	auto_free u32 *map = calloc(from->nprograms, sizeof(*map));
	int rc = refuse_other(into, from, e);

	if (rc < 0)
		return rc;
	if (!map)
		return fail(e, ENOMEM, "out of memory");
	rc = merge_programs(into, from, map, e);
	if (rc == 0)
		rc = merge_grams(into, from, map, e);
	for (u32 i = 0; i < from->ncontributors && rc == 0; i++)
		rc = merge_contributor(into, from, &from->contributors[i], map, e);
	return rc < 0 ? rc : merge_state(into, from, e);
}
