/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "budget.h"

#include <math.h>
#include <stdio.h>

#include "table.h"

#define Z 1.96 /* two-sided 95 %: a little more careful than the one-sided bound that is meant */

double wilson_upper(u64 k, u64 n)
{
	double share, centre, spread, upper, size = (double)n;

	if (n == 0)
		return 1;
	if (k == 0)
		return n > 3 ? 3 / size : 1;
	if (k >= n)
		return 1;
	share = (double)k / size;
	centre = share + Z * Z / (2 * size);
	spread = Z * sqrt(share * (1 - share) / size + Z * Z / (4 * size * size));
	upper = (centre + spread) / (1 + Z * Z / size);
	return upper < 1 ? upper : 1;
}

void budget_rate_text(double per_second, struct buf *to)
{
	static const struct { const char *name; double seconds; } units[] = {
		{ "second", 1 },    { "minute", 60 },      { "hour", 3600 },
		{ "day", 86400 },   { "week", 604800 },    { "month", 2592000 },
		{ "year", 31536000 },
	};
	size_t last = sizeof(units) / sizeof(units[0]) - 1, i = 0;
	double rate, whole;

	while (i < last && per_second * units[i].seconds < 1)
		i++;
	rate = per_second * units[i].seconds;
	whole = (double)(u64)rate;
	/* rounded up: a promise must not sound better than it is */
	buf_printf(to, "%.0f/%s", rate - whole > 1e-6 ? whole + 1 : whole, units[i].name);
}

/* All that the contributors saw. */
struct account {
	u64 seconds, calls, starts, stops;
};

static struct account account_of(const struct profile *p)
{
	struct account a = { 0 };

	for (u32 i = 0; i < p->ncontributors; i++) {
		const struct contributor *c = &p->contributors[i];

		a.seconds += c->seconds;
		a.calls += c->calls;
		/* what an allowed incident taught is no start */
		a.starts += !c->late && c->calls > 0;
		a.stops += c->stopped;
	}
	return a;
}

static void item(struct buf *words, const char *between)
{
	if (words->len)
		buf_puts(words, between);
}

static void container(const struct contributor *c, struct buf *words)
{
	char id[13];

	snprintf(id, sizeof(id), "%s", c->container);
	item(words, "; ");
	buf_puts(words, "container ");
	text_clean(words, id);
}

static bool lossy(const struct profile *p, struct buf *words)
{
	bool found = false;

	for (u32 i = 0; i < p->ncontributors; i++) {
		const struct contributor *c = &p->contributors[i];

		if (c->lost == 0 && !c->late)
			continue;
		found = true;
		container(c, words);
		if (c->lost)
			buf_printf(words, " lost %llu events", (unsigned long long)c->lost);
		else
			buf_puts(words, " was running before anyone watched");
	}
	if (found)
		buf_puts(words, ": this profile is never ready, remove it and learn again "
			 "(thymus profile rm)");
	return found;
}

static bool floor_events(const struct profile *p, struct buf *words)
{
	bool found = false;

	for (u32 i = 0; i < p->ncontributors; i++) {
		const struct contributor *c = &p->contributors[i];

		if (c->floor == 0)
			continue;
		found = true;
		container(c, words);
		buf_printf(words, " made %llu calls that no profile can teach",
			   (unsigned long long)c->floor);
	}
	if (found)
		buf_puts(words, ": each would be stopped, so this is never ready by itself; the journal names them, and "
			 "\"floor_lift\" in the policy can allow them");
	return found;
}

static void missing(u64 have, u64 want, const char *unit, bool *any, struct buf *words)
{
	if (have >= want)
		return;
	item(words, *any ? ", " : "; ");
	buf_printf(words, "%s%llu more %s%s", *any ? "" : "needs ",
		   (unsigned long long)(want - have), unit, want - have == 1 ? "" : "s");
	*any = true;
}

static bool complete(const struct profile *p, const struct policy *policy, struct buf *words)
{
	struct account a = account_of(p);
	bool any = false;

	missing(a.seconds, policy->learn_seconds, "second", &any, words);
	missing(a.calls, policy->learn_calls, "call", &any, words);
	missing(a.starts, policy->learn_starts, "start", &any, words);
	missing(a.stops, policy->learn_stops, "stop", &any, words);
	return !any;
}

static void tier_words(u32 tier, const struct evidence *e, struct buf *words)
{
	double units = e->units ? (double)e->units : 1;

	item(words, "; ");
	if (e->private_units == 0)
		buf_printf(words, "tier %u: nothing new in %llu s", tier,
			   (unsigned long long)e->units);
	else
		buf_printf(words, "tier %u: something new in %.3g %% of seconds, at most %.3g %%",
			   tier, 100.0 * (double)e->private_units / units,
			   100.0 * wilson_upper(e->private_units, e->units));
}

u32 profile_lacks(const struct profile *p, const struct policy *policy, const u8 classes[512],
		  struct buf *words)
{
	auto_buf text = { 0 };
	bool lost = lossy(p, &text), floor = floor_events(p, &text), done = complete(p, policy, &text), beyond = false;
	u32 ready = done && !floor ? 1u << 1 : 0;
	double best = 1;

	for (u32 tier = 1; tier <= 3; tier++) {
		struct evidence e = profile_evidence(p, tier, classes);

		if (e.upper < best)
			best = e.upper;
		if (tier > 1 && done && e.upper <= policy->budget)
			ready |= 1u << tier;
		if (e.upper <= policy->budget || (tier == 1 && done))
			continue;
		tier_words(tier, &e, &text);
		beyond = true;
	}
	if (beyond && p->ncontributors > 0) {
		buf_puts(&text, "; the best promise so far is ");
		budget_rate_text(best, &text);
		buf_printf(&text, ", the budget %s", policy->budget_text);
	}
	if (p->enforced && p->state == PROFILE_LEARNING) {
		item(&text, "; ");
		buf_puts(&text, "it was enforced, and takes nothing more from learners (thymus profile demote)");
	}
	if (words && text.len)
		buf_add(words, text.text, text.len);
	if (words && text.failed)
		words->failed = true;
	return lost ? 0 : ready;
}
