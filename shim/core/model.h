/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model.h - the set of n-grams that a workload was seen to make, each with its owners.
 *
 * A unit is one second of one program of one contributor (a container's life); its id is
 * contributor << 32 | second since the contributor began.  An n-gram keeps the lowest three ids
 * of the units that made it: enough to say "private to one unit", and a set union, so that merging
 * is commutative, associative and idempotent.
 */
#ifndef THYMUS_MODEL_H
#define THYMUS_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "auto.h"
#include "err.h"
#include "judge.h"

#define MODEL_OWNERS 3
#define UNIT_MANY    0xffffffffu /* as a second: "some other second of this contributor too" */

static inline u64 unit_id(u32 contributor, u32 second)
{
	return (u64)contributor << 32 | second;
}

struct gram {
	u64 key;                 /* gram_key(); 0: empty slot */
	u64 owner[MODEL_OWNERS]; /* ascending, 0: none */
};

struct model;

must_check int model_new(struct model **ret, struct err *e);
void model_free(struct model *m);
AUTO(model, struct model *, model_free)

size_t model_count(const struct model *m);
bool   model_has(const struct model *m, u64 key);

/* Add `unit` to the owners of `key`, inserting the n-gram if need be. */
must_check int model_add(struct model *m, u64 key, u64 unit, struct err *e);

/* Owners of an n-gram; NULL when absent. */
const struct gram *model_find(const struct model *m, u64 key);

/* Walk all n-grams in no particular order: start with *at = 0, ends with NULL. */
const struct gram *model_next(const struct model *m, size_t *at);

/* All n-grams by ascending key; `*ret` is malloc()ed, model_count() long. */
must_check int model_sorted(const struct model *m, struct gram **ret, struct err *e);

/* Longest known suffix, in tokens, of a thread's window (0..order) and of its acting calls
 * (0..ACTING_ORDER) under `program`. */
u32 model_depth(const struct model *m, u32 program, u64 window, u32 order);
u32 model_acting_depth(const struct model *m, u32 program, u64 acting);

/* Learn the call that was just pushed: every suffix up to `order`, and for acting calls every
 * suffix of the acting window up to ACTING_ORDER. */
must_check int model_learn(struct model *m, const struct thread *t, u32 class, u32 order, u64 unit,
			   struct err *e);

/* True when exactly one unit made it. */
bool gram_private(const struct gram *g);

/* Tier (1..3) in which an unseen n-gram like this one would alarm, 0: in none.  By its order, its
 * last call's class, and whether it is a run over acting calls. */
u32 gram_tier(u64 key, const u8 classes[512]);

#endif
