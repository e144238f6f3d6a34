/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static struct err e;

static u32 next(u32 *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void add_programs(struct profile *p, u32 *seed)
{
	for (u32 i = 0, n = next(seed) % 5; i < n; i++) {
		char path[32], name[16];
		u32 index = 0;

		snprintf(path, sizeof(path), "/bin/p%u", next(seed) % 4);
		snprintf(name, sizeof(name), "n%u", next(seed) % 2);
		if (profile_add_program(p, path, name, next(seed) % 4 == 0, &index, &e) < 0)
			continue;
		p->programs[index].open_until = next(seed) % 2 * 1000;
		/* of one of two builds, or not known */
		if (next(seed) % 2)
			memset(p->programs[index].sha256, "ab"[next(seed) % 2], 64);
	}
}

static void add_contributors(struct profile *p, u32 *seed)
{
	u32 n = next(seed) % 4;

	p->contributors = calloc(n + 1u, sizeof(*p->contributors));
	for (u32 i = 0; i < n; i++) {
		struct contributor *c = &p->contributors[i];
		char name[16];

		c->id = i * 2 + next(seed) % 2 + 1;
		snprintf(name, sizeof(name), "c%u", c->id);
		c->container = strdup(name);
		c->host = strdup(next(seed) % 2 ? "one" : "two");
		c->started = next(seed) % 100;
		c->seconds = next(seed) % 100;
		c->calls = next(seed) % 1000;
		c->lost = next(seed) % 8 == 0;
		c->floor = next(seed) % 3;
		c->late = next(seed) % 8 == 0;
		c->stopped = next(seed) % 2;
		c->reloads = next(seed) % 3;
		c->units = calloc(p->nprograms, sizeof(*c->units));
		for (u32 j = 1; j < p->nprograms; j++)
			c->units[j] = next(seed) % 50;
		p->ncontributors++;
	}
}

static void add_grams(struct profile *p, u32 *seed)
{
	for (u32 i = 0, n = p->nprograms > 1 ? next(seed) % 60 : 0; i < n; i++) {
		u32 program = next(seed) % (p->nprograms - 1) + 1, length = next(seed) % 3 + 1;
		u32 second = next(seed) % 5 == 0 ? UNIT_MANY : next(seed) % 4;
		u64 gram = 0;

		for (u32 j = 0; j < length; j++)
			gram = gram_push(gram, next(seed) % 3 + 1);
		if (next(seed) % 3 == 0)
			gram |= GRAM_ACTING;
		if (model_add(p->model, gram_key(program, gram),
			      unit_id(next(seed) % 6 + 1, second), &e) < 0)
			ok(0, "%s", e.text);
	}
}

static struct profile *any(u32 seed)
{
	struct profile *p = NULL;

	if (profile_new("default", "web", "sha256-0", "x86_64", 3, &p, &e) < 0)
		return NULL;
	p->state = (enum profile_state)(next(&seed) % 4);
	free(p->why);
	p->why = strdup(next(&seed) % 2 ? "" : next(&seed) % 2 ? "a person" : "the governor");
	p->version = next(&seed) % 9;
	p->proving_since = next(&seed) % 9;
	p->proved = next(&seed) % 9;
	p->score_max = (s32)(next(&seed) % 900);
	add_programs(p, &seed);
	add_contributors(p, &seed);
	add_grams(p, &seed);
	return p;
}

static bool same(const struct profile *a, const struct profile *b)
{
	auto_buf x = { 0 }, y = { 0 };

	return profile_emit(a, &x, &e) == 0 && profile_emit(b, &y, &e) == 0 && x.len == y.len &&
	       memcmp(x.text, y.text, x.len) == 0;
}

static bool merge(struct profile *into, const struct profile *from)
{
	return profile_merge(into, from, &e) == 0;
}

static void test_merge_laws(void)
{
	int commutes = 0, associates = 0, repeats = 0, runs = 300;

	for (u32 seed = 1; seed <= (u32)runs; seed++) {
		auto_of(profile) struct profile *a = any(seed), *ab = any(seed), *a_bc = any(seed);
		auto_of(profile) struct profile *b = any(seed + 5000), *ba = any(seed + 5000);
		auto_of(profile) struct profile *bc = any(seed + 5000), *c = any(seed + 9000);

		if (!merge(ab, b) || !merge(ba, a) || !merge(bc, c) || !merge(a_bc, bc))
			break;
		commutes += same(ab, ba);
		if (!merge(ba, a) || !merge(ba, b))
			break;
		repeats += same(ab, ba);
		if (!merge(ab, c))
			break;
		associates += same(ab, a_bc);
	}
	ok(commutes == runs, "merging commutes: %d of %d", commutes, runs);
	ok(associates == runs, "merging associates: %d of %d", associates, runs);
	ok(repeats == runs, "merging again changes nothing: %d of %d", repeats, runs);
}

static void test_merge_refuses(void)
{
	auto_of(profile) struct profile *a = any(1);
	auto_of(profile) struct profile *other = NULL, *longer = NULL;

	if (profile_new("default", "web", "sha256-0", "aarch64", 3, &other, &e) < 0 ||
	    profile_new("default", "web", "sha256-0", "x86_64", 6, &longer, &e) < 0)
		return;
	ok(profile_merge(a, other, &e) == -EINVAL && strstr(e.text, "aarch64"),
	   "another architecture: %s", e.text);
	ok(profile_merge(a, longer, &e) == -EINVAL && strstr(e.text, "orders"), "another order: %s",
	   e.text);
	ok(profile_new("s", "n", "i", "a", 7, &other, &e) == -ERANGE, "no order beyond six: %s",
	   e.text);
}

static void test_round(void)
{
	int equal = 0, runs = 200;

	for (u32 seed = 1; seed <= (u32)runs; seed++) {
		auto_of(profile) struct profile *p = any(seed), *q = NULL;
		auto_buf text = { 0 };

		if (profile_emit(p, &text, &e) == 0 &&
		    profile_parse(text.text, text.len, &q, &e) == 0)
			equal += same(p, q);
	}
	ok(equal == runs, "what is written is read, and written equal: %d of %d", equal, runs);
}

static const char *const good =
	"{\"format\":1,\"scope\":\"s\",\"name\":\"n\",\"image\":\"i\",\"arch\":\"x86_64\","
	"\"state\":\"ready\","
	"\"why\":\"\",\"version\":2,\"order\":3,\"proving_since\":5,\"proved\":6,\"score_max\":7,"
	"\"programs\":[{\"path\":\"/a\","
	"\"name\":\"a\",\"sha256\":\"\",\"session\":false,\"open_until\":0}],"
	"\"contributors\":[{\"id\":\"0000000a\",\"container\":\"c\",\"host\":\"h\",\"started\":1,"
	"\"seconds\":2,"
	"\"calls\":3,\"lost\":0,\"floor\":0,\"late\":false,\"stopped\":true,\"reloads\":0,"
	"\"units\":[9]}],"
	"\"grams\":[\"1 3.4 0000000a:1 0000000a:*\",\"1 ~3.4 0000000a:1\"]}";

/* `good` with `from` replaced by `to`. */
static int parse_with(const char *from, const char *to, struct profile **ret)
{
	const char *at = strstr(good, from);
	auto_buf text = { 0 };

	if (!at)
		return 0;
	buf_add(&text, good, (size_t)(at - good));
	buf_puts(&text, to);
	buf_puts(&text, at + strlen(from));
	return profile_parse(text.text, text.len, ret, &e);
}

static void test_parse(void)
{
	auto_of(profile) struct profile *p = NULL;
	const struct gram *g;

	if (parse_with("x86_64", "x86_64", &p) < 0) {
		ok(0, "the good one: %s", e.text);
		return;
	}
	g = model_find(p->model, gram_key(1, gram_push(gram_push(0, 3), 4)));
	ok(g && g->owner[0] == unit_id(10, 1) && g->owner[1] == unit_id(10, UNIT_MANY) &&
		   !g->owner[2],
	   "an n-gram and its owners");
	ok(model_has(p->model, gram_key(1, gram_push(gram_push(0, 3), 4) | GRAM_ACTING)),
	   "a run of acting calls");
	ok(p->state == PROFILE_READY && p->version == 2 && p->proving_since == 5 &&
		   p->proved == 6 && p->score_max == 7 && p->nprograms == 2 &&
		   p->contributors[0].units[1] == 9 && p->contributors[0].stopped,
	   "the head, programs, contributors");
}

static void test_refusals(void)
{
	static const struct { const char *from, *to, *words; } rows[] = {
		{ "\"format\":1", "\"format\":2", "this thymus reads 1: a newer one wrote it" },
		{ "\"format\":1", "\"format\":2,\"unheard\":1", "a newer one wrote it" },
		{ "\"format\":1", "\"format\":0", "learn the profile again" },
		{ "\"ready\"", "\"redy\"", "learning, proving, ready or suspect" },
		{ "\"order\":3", "\"order\":7", "must be 1..6" },
		{ "\"order\":3", "\"order\":1", "longer than the order" },
		{ "\"why\":\"\",", "", "why" },
		{ "\"why\":\"\"", "\"why\":\"\",\"whi\":1", "whi" },
		{ "\"proved\":6", "\"proved\":-6", "whole number" },
		{ "\"score_max\":7", "\"score_max\":99999999999", "whole number" },
		{ "\"path\":\"/a\"", "\"path\":\"\"", "must not be empty" },
		{ "\"sha256\":\"\"", "\"sha256\":\"abc\"", "64 hexadecimal" },
		{ "0000000a\",\"container", "0000000A\",\"container", "no contributor" },
		{ "0000000a\",\"container", "00000000\",\"container", "not all 0" },
		{ "\"units\":[9]", "\"units\":[]", "fewer numbers" },
		{ "\"units\":[9]", "\"units\":[9,9]", "more numbers" },
		{ "\"units\":[9]", "\"units\":9", "must be an array" },
		{ "\"1 3.4 0000000a:1 0000000a:*\"", "7", "grams[0]: must be a string" },
		{ "1 3.4", "2 3.4", "number of a program" },
		{ "1 3.4", "0 3.4", "number of a program" },
		{ "1 3.4", "1 3.4.5.6", "longer than the order" },
		{ "1 3.4", "1 3.0", "n-gram" },
		{ "1 3.4", "1 ~3.4", "there twice" },
		{ "1 ~3.4 0000000a:1", "1 ~3.4", "without an owner" },
		{ "1 ~3.4 0000000a:1", "1", "has no n-gram" },
		{ ":1 0000000a:*", ":1 0000000a:1", "must ascend" },
		{ ":1 0000000a:*", ":1 0000000a:x", "is no owner" },
		{ ":1 0000000a:*", ":1 0000000a:01", "is no owner" },
		{ ":1 0000000a:*", ":1 0000000a:2 0000000a:3 0000000a:4", "1 to 3" },
		{ ":1 0000000a:*", ":1 ", "1 to 3" },
		{ ":1 0000000a:*", ":1  0000000a:2", "1 to 3" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_of(profile) struct profile *p = NULL;
		int rc = parse_with(rows[i].from, rows[i].to, &p);

		ok(rc < 0 && strstr(e.text, rows[i].words), "refused: %s: %s", rows[i].to, e.text);
	}
}

static void test_programs(void)
{
	auto_of(profile) struct profile *p = any(3);
	u32 before = p->nprograms, a = 0, b = 0, full = 0;
	bool zero = true;

	if (profile_add_program(p, "/bin/busybox", "sh", false, &a, &e) < 0 ||
	    profile_add_program(p, "/bin/busybox", "ls", false, &b, &e) < 0)
		return;
	ok(a == before && b == before + 1 && profile_program(p, "/bin/busybox", "ls", false) == b,
	   "one file under two names is two programs");
	ok(profile_program(p, "/bin/busybox", "ls", true) == 0,
	   "and another one in an exec session");
	for (u32 i = 0; i < p->ncontributors; i++)
		zero = zero && p->contributors[i].units[b] == 0;
	ok(zero, "every contributor's account has a place for it");
	for (u32 i = 0; i < 2000 && full == 0; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/x%u", i);
		full = profile_add_program(p, path, "x", false, &a, &e) == -ENOSPC;
	}
	ok(full && p->nprograms == GRAM_PROGRAMS, "a full table says so: %s", e.text);
}

int main(void)
{
	test_merge_laws();
	test_merge_refuses();
	test_round();
	test_parse();
	test_refusals();
	test_programs();
	return tap_end();
}
