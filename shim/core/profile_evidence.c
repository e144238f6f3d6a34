/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile_evidence.c - what the owners of n-grams say about tomorrow: leave one second out, and see
 * whether the others knew all that it did.
 */
#include <math.h>

#include "budget.h"
#include "profile.h"

/* A second of a program. */
struct unit {
	u64 id;
	u32 program;
};

static int by_unit(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->program < y->program ? -1 : x->program > y->program;
}

static bool counts(const struct profile *p, const struct gram *g)
{
	u32 program = gram_program(g->key);

	return program > 0 && program < p->nprograms && !p->programs[program].session;
}

/* Units that own a private n-gram of the tier. */
static u64 private_units(const struct profile *p, u32 tier, const u8 classes[512])
{
	auto_free struct unit *units = malloc((model_count(p->model) + 1) * sizeof(*units));
	const struct gram *g;
	size_t at = 0, n = 0, distinct = 0;

	if (!units)
		return UINT32_MAX; /* the worst is believed */
	while ((g = model_next(p->model, &at)))
		if (gram_private(g) && counts(p, g) && gram_tier(g->key, classes) == tier)
			units[n++] = (struct unit){ g->owner[0], gram_program(g->key) };
	qsort(units, n, sizeof(*units), by_unit);
	for (size_t i = 0; i < n; i++)
		distinct += i == 0 || by_unit(&units[i - 1], &units[i]) != 0;
	return distinct;
}

struct evidence profile_evidence(const struct profile *p, u32 tier, const u8 classes[512])
{
	struct evidence e = { .units = p->proved,
			      .private_units = private_units(p, tier, classes) };
	u64 seconds = p->proved;
	double pace;

	for (u32 i = 0; i < p->ncontributors; i++) {
		const struct contributor *c = &p->contributors[i];

		seconds += c->seconds;
		for (u32 j = 1; j < p->nprograms; j++)
			e.units += p->programs[j].session ? 0 : c->units[j];
	}
	/* What an incident or a find taught was seen in no counted second. */
	if (e.units < e.private_units)
		e.units = e.private_units;
	if (e.units == 0) {
		e.rate = e.upper = 1;
		return e;
	}
	/* Several programs may run in one second, or none: a share of their seconds is no rate. */
	pace = seconds ? (double)e.units / (double)seconds : 1;
	e.rate = (double)e.private_units / (double)e.units * pace;
	e.upper = wilson_upper(e.private_units, e.units) * pace;
	return e;
}

/* Longest suffix of a private n-gram that some other unit has too. */
static u32 depth_without(const struct model *m, u64 key, u32 order)
{
	u32 program = gram_program(key);

	for (u32 depth = order; depth-- > 1;) {
		const struct gram *g = model_find(m, gram_key(program, gram_last(key, depth)));

		if (g && !gram_private(g))
			return depth;
	}
	return 0;
}

/* How many full-length runs would be known to `depth` tokens only, had their one owner not been
 * there.  No run is counted twice, though it may have come twice: owners are all that is kept. */
static void count_depths(const struct profile *p, u64 ret[GRAM_ORDER_MAX])
{
	u64 oldest = (u64)GRAM_TOKEN << (GRAM_BITS * (GRAM_ORDER_MAX - 1));
	const struct gram *g;
	size_t at = 0;

	while ((g = model_next(p->model, &at))) {
		u64 gram = g->key & GRAM_MASK;

		if ((gram & oldest) == GRAM_ACTING || !gram_private(g) ||
		    gram_length(gram, GRAM_ORDER_MAX) != p->order)
			continue;
		ret[depth_without(p->model, g->key, p->order)]++;
	}
}

void profile_weights(const struct profile *p, struct weights *ret)
{
	u64 depths[GRAM_ORDER_MAX] = { 0 }, calls = 0, upto = 0;
	struct weights w = { .theta = SCORE_OFF };

	for (u32 i = 0; i < p->ncontributors; i++)
		calls += p->contributors[i].calls;
	count_depths(p, depths);
	for (u32 d = 0; d < p->order; d++) {
		double bits;

		upto += depths[d];
		/* half a call more than was seen: what never happened is rare, not impossible */
		bits = log2(((double)calls + 1) / ((double)upto + 0.5));
		w.cost[d] = bits > 0 ? (s32)(bits * 256) : 0;
	}
	/* The highest of m scores of normal behaviour is exceeded by the next one with chance
	 * 1/(m+1).  The margin is what one more never-learned call adds: cost/16 in a thread
	 * long at work, cost/6 in one that has just begun. */
	if (p->score_max > 0)
		w.theta = p->score_max < SCORE_OFF - w.cost[0] ? p->score_max + w.cost[0] / 8
							       : SCORE_OFF;
	*ret = w;
}
