/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <string.h>

#include "calls.h"
#include "tap.h"

static struct err e;

static void add(struct model *m, u64 key, u64 unit)
{
	if (model_add(m, key, unit, &e) < 0)
		ok(0, "model_add: %s", e.text);
}

static bool owners(const struct model *m, u64 key, u64 a, u64 b, u64 c)
{
	const struct gram *g = model_find(m, key);

	return g && g->owner[0] == a && g->owner[1] == b && g->owner[2] == c;
}

static void test_owners(void)
{
	auto_of(model) struct model *m = NULL;

	if (model_new(&m, &e) < 0)
		return;
	add(m, 7, 30);
	ok(owners(m, 7, 30, 0, 0) && gram_private(model_find(m, 7)), "one owner: private");
	add(m, 7, 30);
	ok(owners(m, 7, 30, 0, 0), "the same owner again is still one");
	add(m, 7, 10);
	ok(owners(m, 7, 10, 30, 0) && !gram_private(model_find(m, 7)), "two owners, ascending");
	add(m, 7, 20);
	add(m, 7, 40);
	ok(owners(m, 7, 10, 20, 30), "a fourth and higher one is dropped");
	add(m, 7, 5);
	ok(owners(m, 7, 5, 10, 20), "a lower one takes its place");
	ok(model_add(m, 0, 1, &e) == -EINVAL && model_add(m, 1, 0, &e) == -EINVAL,
	   "0 is neither key nor owner");
	ok(!model_find(m, 8) && !model_has(m, 0) && model_count(m) == 1,
	   "what was not added is absent");
}

static void test_many(void)
{
	auto_of(model) struct model *m = NULL;
	auto_free struct gram *all = NULL;
	size_t at = 0, walked = 0;
	bool found = true, sorted = true;

	if (model_new(&m, &e) < 0)
		return;
	for (u64 i = 1; i <= 20000; i++)
		add(m, gram_key((u32)(i % 1000) + 1, i * 2654435761u & GRAM_MASK), i);
	while (model_next(m, &at))
		walked++;
	for (u64 i = 1; i <= 20000; i++)
		found = found &&
			model_has(m, gram_key((u32)(i % 1000) + 1, i * 2654435761u & GRAM_MASK));
	ok(found && walked == model_count(m), "20000 n-grams are all there, each once");
	if (model_sorted(m, &all, &e) < 0)
		return;
	for (size_t i = 1; i < walked; i++)
		sorted = sorted && all[i - 1].key < all[i].key;
	ok(sorted, "sorted by key");
}

static void test_depth(void)
{
	auto_of(model) struct model *m = NULL;
	struct thread t = { .program = 3 };
	u64 window = 0;

	if (model_new(&m, &e) < 0)
		return;
	for (u32 i = 1; i <= 4; i++) {
		thread_push(&t, i, i == 1 || i == 4 ? CALL_ACTING : 0);
		if (model_learn(m, &t, i == 1 || i == 4 ? CALL_ACTING : 0, 3, 1, &e) < 0)
			ok(0, "%s", e.text);
	}
	ok(model_depth(m, 3, t.window, 3) == 3 && model_depth(m, 3, t.window, 6) == 3,
	   "a learned run is known to the order it was learned with");
	window = gram_push(gram_push(gram_push(0, 9), 3), 4);
	ok(model_depth(m, 3, window, 3) == 2, "behind an unknown call two are known");
	ok(model_depth(m, 3, gram_push(window, 9), 3) == 0, "an unknown call ends it all");
	ok(model_depth(m, 4, t.window, 3) == 0, "another program knows nothing of it");
	ok(model_acting_depth(m, 3, t.acting) == 2, "the run over acting calls was learned too");
	ok(model_depth(m, 3, t.acting, 3) == 1, "and does not pass for a run of all calls");
}

static void test_tiers(void)
{
	u8 classes[CALLS_MAX];
	u32 open = token_of((u32)calls_number("openat")),
	    read = token_of((u32)calls_number("read"));
	u32 leave = token_of((u32)calls_number("exit_group"));
	u64 two, three;

	calls_classes(classes, NULL);
	two = gram_push(gram_push(0, read), open);
	three = gram_push(gram_push(gram_push(0, read), read), open);
	ok(gram_tier(gram_key(1, read), classes) == 1, "a call alone: tier 1");
	ok(gram_tier(gram_key(1, leave), classes) == 0, "unless it is quiet");
	ok(gram_tier(gram_key(1, two), classes) == 2,
	   "a bigram that ends in an acting call: tier 2");
	ok(gram_tier(gram_key(1, gram_push(two, read)), classes) == 0,
	   "that ends in another: none");
	ok(gram_tier(gram_key(1, three), classes) == 3, "a trigram: tier 3");
	ok(gram_tier(gram_key(1, two | GRAM_ACTING), classes) == 2 &&
		   gram_tier(gram_key(1, three | GRAM_ACTING), classes) == 2,
	   "runs over acting calls: tier 2");
	ok(gram_tier(gram_key(1, open | GRAM_ACTING), classes) == 0, "one acting call is no run");
	ok(gram_tier(gram_key(1, gram_push(three, open)), classes) == 0,
	   "longer ones only feed the score");
	ok(gram_tier(gram_key(1, TOKEN_UNKNOWN), classes) == 1, "a call beyond all tables: tier 1");
}

int main(void)
{
	test_owners();
	test_many();
	test_depth();
	test_tiers();
	return tap_end();
}
