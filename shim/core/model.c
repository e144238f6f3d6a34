/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <string.h>

#define FIRST_ROOM 1024

/* Open addressing with linear probing; nothing is ever removed.  At most half full. */
struct model {
	struct gram *slots;
	size_t room, count; /* room is a power of two */
};

int model_new(struct model **ret, struct err *e)
{
	struct model *m = calloc(1, sizeof(*m));

	if (m) {
		m->room = FIRST_ROOM;
		m->slots = calloc(m->room, sizeof(*m->slots));
	}
	if (!m || !m->slots) {
		free(m);
		return fail(e, ENOMEM, "out of memory");
	}
	*ret = m;
	return 0;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	free(m->slots);
	free(m);
}

size_t model_count(const struct model *m)
{
	return m->count;
}

/* The slot that holds `key`, or the free one where it belongs. */
static struct gram *slot_of(struct gram *slots, size_t room, u64 key)
{
	/* Keys of one program differ in few bits, all of them low: spread them first. */
	u64 hash = (key ^ key >> 29) * 0x9E3779B97F4A7C15ULL;
	size_t at = (size_t)(hash >> 20) & (room - 1);

	while (slots[at].key != 0 && slots[at].key != key)
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static int grow(struct model *m, struct err *e)
{
	struct gram *slots = calloc(m->room * 2, sizeof(*slots));

	if (!slots)
		return fail(e, ENOMEM, "out of memory for %zu n-grams", m->room);
	for (size_t i = 0; i < m->room; i++)
		if (m->slots[i].key)
			*slot_of(slots, m->room * 2, m->slots[i].key) = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->room *= 2;
	return 0;
}

const struct gram *model_find(const struct model *m, u64 key)
{
	const struct gram *g = slot_of(m->slots, m->room, key);

	return key != 0 && g->key == key ? g : NULL;
}

bool model_has(const struct model *m, u64 key)
{
	return model_find(m, key) != NULL;
}

/* Keep the lowest ids: the union of two sets, each cut to its lowest three, cut again, is what
 * cutting the union of the full sets gives, in whatever order and how often they meet. */
static void add_owner(struct gram *g, u64 unit)
{
	for (int i = 0; i < MODEL_OWNERS; i++) {
		u64 was = g->owner[i];

		if (was == unit)
			return;
		if (was != 0 && was < unit)
			continue;
		g->owner[i] = unit;
		if (was == 0)
			return;
		unit = was;
	}
}

int model_add(struct model *m, u64 key, u64 unit, struct err *e)
{
	struct gram *g = slot_of(m->slots, m->room, key);

	if (key == 0 || unit == 0)
		return fail(e, EINVAL, "an n-gram and its owner must not be 0");
	if (g->key == 0) {
		if (m->count >= m->room / 2) {
			int rc = grow(m, e);

			if (rc < 0)
				return rc;
			g = slot_of(m->slots, m->room, key);
		}
		g->key = key;
		m->count++;
	}
	add_owner(g, unit);
	return 0;
}

const struct gram *model_next(const struct model *m, size_t *at)
{
	while (*at < m->room) {
		const struct gram *g = &m->slots[(*at)++];

		if (g->key)
			return g;
	}
	return NULL;
}

static int by_key(const void *a, const void *b)
{
	u64 left = ((const struct gram *)a)->key, right = ((const struct gram *)b)->key;

	return left < right ? -1 : left > right;
}

int model_sorted(const struct model *m, struct gram **ret, struct err *e)
{
	struct gram *all = malloc((m->count ? m->count : 1) * sizeof(*all));
	const struct gram *g;
	size_t at = 0, n = 0;

	if (!all)
		return fail(e, ENOMEM, "out of memory for %zu n-grams", m->count);
	while ((g = model_next(m, &at)))
		all[n++] = *g;
	qsort(all, n, sizeof(*all), by_key);
	*ret = all;
	return 0;
}

static u32 depth_of(const struct model *m, u32 program, u64 window, u32 most, u64 mark)
{
	u32 n = gram_length(window, most);

	/* A known run has known suffixes, so the first hit from the long end is the longest. */
	while (n > 0 && !model_has(m, gram_key(program, gram_last(window, n) | mark)))
		n--;
	return n;
}

u32 model_depth(const struct model *m, u32 program, u64 window, u32 order)
{
	return depth_of(m, program, window, order, 0);
}

u32 model_acting_depth(const struct model *m, u32 program, u64 acting)
{
	return depth_of(m, program, acting, ACTING_ORDER, GRAM_ACTING);
}

static int learn_run(struct model *m, u64 run, u32 length, u64 key, u64 unit, struct err *e)
{
	int rc = 0;

	for (u32 n = 1; rc == 0 && n <= length; n++)
		rc = model_add(m, key | gram_last(run, n), unit, e);
	return rc;
}

int model_learn(struct model *m, const struct thread *t, u32 class, u32 order, u64 unit,
		struct err *e)
{
	int rc = learn_run(m, t->window, gram_length(t->window, order), gram_key(t->program, 0),
			   unit, e);

	if (rc == 0 && class & CALL_ACTING)
		rc = learn_run(m, t->acting, gram_length(t->acting, ACTING_ORDER),
			       gram_key(t->program, GRAM_ACTING), unit, e);
	return rc;
}

bool gram_private(const struct gram *g)
{
	return g->owner[0] != 0 && g->owner[1] == 0;
}

u32 gram_tier(u64 key, const u8 classes[512])
{
	bool acting_run = gram_last(key >> (GRAM_BITS * (GRAM_ORDER_MAX - 1)), 1) == TOKEN_ACTING;
	u64 gram = key & (acting_run ? GRAM_MASK >> GRAM_BITS : GRAM_MASK);
	u32 length = gram_length(gram, GRAM_ORDER_MAX), token = (u32)gram_last(gram, 1);
	u8 class = token > 0 && token < TOKEN_ACTING ? classes[token - 1] : 0;

	if (acting_run)
		return length == 2 || length == 3 ? 2 : 0;
	if (length == 1)
		return class & CALL_QUIET ? 0 : 1;
	if (!(class & CALL_ACTING))
		return 0;
	return length == 2 ? 2 : length == 3 ? 3 : 0;
}
