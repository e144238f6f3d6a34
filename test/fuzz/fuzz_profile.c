/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes either become a profile within its bounds, which is written canonically, merges with
 * itself without a change and can be judged by, or an error with a sentence. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "budget.h"
#include "calls.h"

static void check(const struct profile *p)
{
	struct evidence ev;
	struct policy policy;
	struct weights w;
	u8 classes[CALLS_MAX] = { 0 };
	auto_buf words = { 0 };

	assert(p->order >= 1 && p->order <= GRAM_ORDER_MAX);
	assert(p->nprograms >= 1 && p->nprograms <= GRAM_PROGRAMS);
	profile_weights(p, &w);
	for (u32 d = 0; d < p->order; d++)
		assert(w.cost[d] >= 0 && w.cost[d] < 64 * 256 &&
		       (d == 0 || w.cost[d] <= w.cost[d - 1]));
	assert(w.cost[p->order] == 0 && w.theta > 0);
	for (u32 tier = 1; tier <= 3; tier++) {
		ev = profile_evidence(p, tier, classes);
		assert(ev.private_units <= ev.units && ev.rate >= 0 && ev.upper >= ev.rate * 0.999);
	}
	policy_default(&policy);
	assert(profile_lacks(p, &policy, classes, &words) <= 14);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_of(profile) struct profile *p = NULL, *q = NULL;
	auto_buf once = { 0 }, twice = { 0 };
	struct err e = { "" };

	if (profile_parse((const char *)data, size, &p, &e) < 0) {
		assert(e.text[0] != '\0');
		return 0;
	}
	check(p);
	assert(profile_emit(p, &once, &e) == 0);
	assert(profile_parse(once.text, once.len, &q, &e) == 0);
	assert(profile_merge(q, p, &e) == 0);
	assert(profile_emit(q, &twice, &e) == 0);
	assert(once.len == twice.len && memcmp(once.text, twice.text, once.len) == 0);
	return 0;
}
