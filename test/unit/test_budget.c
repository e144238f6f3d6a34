/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "budget.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "tap.h"

static struct err e;
static const char *const none[] = { NULL };

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-3;
}

static void test_wilson(void)
{
	ok(wilson_upper(0, 0) == 1, "nothing seen promises nothing");
	ok(near(wilson_upper(0, 300), 0.01), "nothing in 300: at most 3/300");
	ok(wilson_upper(0, 2) == 1 && wilson_upper(5, 5) == 1, "a share is at most 1");
	ok(near(wilson_upper(1, 10), 0.4042) && near(wilson_upper(50, 1000), 0.0653),
	   "Wilson's bound");
	ok(wilson_upper(1, 300) > wilson_upper(0, 300), "one find is worse than none");
}

static void test_rates(void)
{
	static const struct { double rate; const char *text; } rows[] = {
		{ 0.01, "36/hour" }, { 2, "2/second" },      { 1.0 / 604800, "1/week" },
		{ 1.0 / 59, "2/minute" }, { 1e-9, "1/year" }, { 1.0 / 86400, "1/day" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf text = { 0 };

		budget_rate_text(rows[i].rate, &text);
		ok(strcmp(text.text, rows[i].text) == 0, "%g/s is %s", rows[i].rate, text.text);
	}
}

/* Two starts, one stop, `seconds` in all; `odd` seconds own a bigram that ends in openat. */
static struct profile *learned(u32 seconds, u32 odd)
{
	u32 open = token_of((u32)calls_number("openat")), index = 0;
	struct profile *p = NULL;

	if (profile_new("s", "n", "i", "a", 3, &p, &e) < 0 ||
	    profile_add_program(p, "/a", "a", false, &index, &e) < 0)
		return NULL;
	p->contributors = calloc(2, sizeof(*p->contributors));
	p->ncontributors = 2;
	for (u32 i = 0; i < 2; i++) {
		p->contributors[i] = (struct contributor) {
			.id = i + 1, .seconds = seconds / 2, .calls = 50000, .stopped = i == 0
		};
		p->contributors[i].container = strdup("0123456789abcdef");
		p->contributors[i].host = strdup("h");
		p->contributors[i].units = calloc(2, sizeof(u32));
		p->contributors[i].units[1] = seconds / 2;
		if (model_add(p->model, gram_key(1, open), unit_id(i + 1, 1), &e) < 0)
			return p;
	}
	for (u32 i = 0; i < odd; i++)
		if (model_add(p->model, gram_key(1, gram_push(gram_push(0, i + 1), open)),
			      unit_id(1, i + 1), &e) < 0)
			return p;
	return p;
}

static u32 lacks(const struct profile *p, const char *budget, struct buf *words)
{
	struct policy policy;
	u8 classes[CALLS_MAX];

	policy_default(&policy);
	policy.budget_text = budget;
	if (policy_budget(budget, &policy.budget, &e) < 0)
		return 0;
	calls_classes(classes, none);
	words->len = 0;
	return profile_lacks(p, &policy, classes, words);
}

static void test_evidence(void)
{
	auto_of(profile) struct profile *p = learned(1000, 7);
	u8 classes[CALLS_MAX];
	struct evidence two, three, one;

	calls_classes(classes, none);
	one = profile_evidence(p, 1, classes);
	two = profile_evidence(p, 2, classes);
	three = profile_evidence(p, 3, classes);
	ok(one.private_units == 0 && near(one.upper, 0.003), "tier 1: nothing private");
	ok(two.units == 1000 && two.private_units == 7 && near(two.rate, 0.007),
	   "tier 2: seven seconds");
	ok(two.upper > two.rate && two.upper < 0.02 && three.private_units == 0, "and its bound");
	p->programs[1].session = true;
	two = profile_evidence(p, 2, classes);
	ok(two.private_units == 0 && two.upper == 1, "exec sessions are no evidence");
	p->programs[1].session = false;
	p->contributors[0].seconds = p->contributors[1].seconds = 250;
	two = profile_evidence(p, 2, classes);
	ok(near(two.rate, 0.014),
	   "two programs' seconds in one of the container's double its rate");
	p->proved = 100000;
	ok(profile_evidence(p, 1, classes).upper < 0.0001, "clean seconds of proving count");
}

static void test_ready(void)
{
	auto_of(profile) struct profile *p = learned(4000, 7);
	auto_buf words = { 0 };

	ok(lacks(p, "1/minute", &words) == 14 && words.len == 0,
	   "all tiers within a budget: no words");
	ok(lacks(p, "10/hour", &words) == (1 << 1 | 1 << 3) &&
		   strstr(words.text, "tier 2: something new") && !strstr(words.text, "tier 3"),
	   "one tier beyond it: %s", words.text);
	ok(lacks(p, "1/week", &words) == 1 << 1 &&
		   strstr(words.text, "best promise so far is 3/hour"),
	   "tier 1 is asked for no promise: %s", words.text);
}

static void test_missing(void)
{
	auto_of(profile) struct profile *p = learned(200, 0);
	auto_buf words = { 0 };

	p->ncontributors = 1;
	p->contributors[0].stopped = false;
	p->contributors[0].calls = 9999;
	ok(lacks(p, "1/second", &words) == 0, "too little of all: nothing is ready");
	ok(strstr(words.text, "needs 200 more seconds, 1 more call, 1 more start, 1 more stop"),
	   "and it says what: %s", words.text);
	p->ncontributors = 2;
}

static void test_lossy(void)
{
	auto_of(profile) struct profile *p = learned(4000, 0);
	auto_buf words = { 0 };

	p->contributors[1].floor = 2;
	ok(lacks(p, "1/second", &words) == 12 &&
		   strstr(words.text, "0123456789ab made 2 calls that no profile"),
	   "who makes floor calls is not ready, for it would be stopped: %s", words.text);
	p->contributors[1].late = true;
	ok(lacks(p, "1/second", &words) == 0 && strstr(words.text, "never ready"),
	   "attached late: %s", words.text);
	p->contributors[1].late = false;
	p->contributors[0].lost = 5;
	ok(lacks(p, "1/second", &words) == 0 && strstr(words.text, "lost 5 events"), "lossy: %s",
	   words.text);
}

static void test_weights(void)
{
	auto_of(profile) struct profile *p = learned(4000, 0);
	struct weights w;
	u64 run = 0;

	for (u32 i = 0; i < 3; i++)
		run = gram_push(run, 10 + i);
	for (u32 n = 1; n <= 3; n++)
		if (model_add(p->model, gram_key(1, gram_last(run, n)), unit_id(1, 1), &e) < 0 ||
		    (n < 3 &&
		     model_add(p->model, gram_key(1, gram_last(run, n)), unit_id(2, 1), &e) < 0))
			return;
	profile_weights(p, &w);
	/* 100,000 calls, one run known to two tokens without its owner */
	ok(fabs(w.cost[0] / 256.0 - 17.61) < 0.01, "what never was costs most");
	ok(w.cost[0] == w.cost[1] && w.cost[2] < w.cost[1] && w.cost[2] > 0 && w.cost[3] == 0,
	   "what was costs less, a known run nothing");
	ok(w.theta == SCORE_OFF, "no held-out score, no threshold");
	p->score_max = 1000;
	profile_weights(p, &w);
	ok(w.theta > 1000 && w.theta == 1000 + w.cost[0] / 8, "else a little above the highest");
}

int main(void)
{
	test_wilson();
	test_rates();
	test_evidence();
	test_ready();
	test_missing();
	test_lossy();
	test_weights();
	return tap_end();
}
