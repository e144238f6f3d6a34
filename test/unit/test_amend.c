/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amend.h"

#include <string.h>

#include "profile_diff.h"
#include "tap.h"

static struct profile *web(void)
{
	struct profile *p = NULL;
	struct err e;
	u32 index = 0;

	if (profile_new("default", "web", "sha256-0", "x86_64", 3, &p, &e) < 0 ||
	    profile_add_program(p, "/usr/sbin/nginx", "nginx", false, &index, &e) < 0 ||
	    model_add(p->model, gram_key(index, 1), unit_id(7, 0), &e) < 0)
		return NULL;
	return p;
}

static int allow(struct profile *p, const char *text, struct buf *words, struct err *e)
{
	static const struct allowance a = { .now = 1000, .seconds = 60, .unit = 9, .incident = "i-1",
					    .host = "h" };
	auto_of(json) struct json *doc = NULL;
	int rc = json_parse(text, strlen(text), 0, &doc, e);

	return rc < 0 ? rc : amend_allow(p, doc, &a, words, e);
}

static void test_gram(void)
{
	static const struct { const char *text; u64 gram; } rows[] = {
		{ "1", 1 },          { "1.2", 1 << 9 | 2 },     { "510.60", 510 << 9 | 60 },
		{ "~60", GRAM_ACTING | 60 }, { "~1.2.3", GRAM_ACTING | 1 << 18 | 2 << 9 | 3 },
		{ "", 0 },           { "~", 0 },                { "0", 0 },
		{ "512", 0 },        { "509", 0 },              { "1.", 0 },
		{ ".1", 0 },         { "1..2", 0 },             { "1,2", 0 },
		{ "-1", 0 },         { "1.2.3.4.5.6.7", 0 },    { "~1.2.3.4", 0 },
		{ "1 ", 0 },         { "99999999999999999999", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { "" };
		u64 gram = 0;
		int rc = amend_gram(rows[i].text, &gram, &e);

		ok((rc == 0) == (rows[i].gram != 0) && gram == rows[i].gram, "\"%s\" %s", rows[i].text,
		   rc ? e.text : "is an n-gram");
	}
}

static void test_sequence(void)
{
	auto_of(profile) struct profile *p = web();
	auto_of(profile) struct profile *before = web();
	auto_of(profile) struct profile *again = NULL;
	auto_of(json) struct json *diff = NULL;
	auto_buf words = { 0 };
	auto_buf text = { 0 };
	struct err e = { "" };

	ok(allow(p, "{\"verdict\":[\"bigram\"],\"program\":{\"path\":\"/usr/sbin/nginx\",\"name\":\"nginx\"},"
		 "\"unseen\":[\"read\",\"execve\"],\"grams\":[\"1.60\",\"60\",\"~60\"]}", &words, &e) == 0,
	   "a sequence is allowed %s", e.text);
	ok(model_has(p->model, gram_key(1, 1 << 9 | 60)) && model_has(p->model, gram_key(1, 60)) &&
	   model_has(p->model, gram_key(1, GRAM_ACTING | 60)) && model_count(p->model) == 4,
	   "exactly its n-grams are known");
	ok(p->version == 2 && p->programs[1].open_until == 1060, "new version, program open for a while");
	ok(p->ncontributors == 1 && p->contributors[0].id == 9 && p->contributors[0].calls == 0 &&
	   strcmp(p->contributors[0].container, "incident i-1") == 0, "the profile tells who taught it");
	ok(strstr(words.text, "/usr/sbin/nginx may make the run: read execve"), "and so do the words");
	ok(profile_emit(p, &text, &e) == 0 && profile_parse(text.text, text.len, &again, &e) == 0,
	   "what was amended can be read again %s", e.text);
	ok(profile_diff(before, p, &diff, &e) == 0 && !json_is_true(json_get(diff, "equal")) &&
	   !json_at(diff, "removed.grams")->child && json_at(diff, "added.grams")->child,
	   "and the difference is what was added");
}

static void test_execution(void)
{
	static const char exec[] = "{\"verdict\":[\"exec\"],\"program\":{\"session\":true},"
		"\"executed\":{\"path\":\"/tmp/x\",\"name\":\"\",\"sha256\":"
		"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"},\"grams\":[]}";
	auto_of(profile) struct profile *p = web();
	auto_buf words = { 0 };
	struct err e = { "" };
	u32 index;

	ok(allow(p, exec, &words, &e) == 0 && allow(p, exec, &words, &e) == 0,
	   "an execution is allowed, twice too %s", e.text);
	index = profile_program(p, "/tmp/x", "x", true);
	ok(index == 2 && p->nprograms == 3 && strlen(p->programs[index].sha256) == 64,
	   "the program is known once, by what it contained, in exec sessions");
	ok(p->programs[index].open_until == 1060 && p->programs[1].open_until == 0 &&
	   p->ncontributors == 0, "it alone is open");
}

static void test_refused(void)
{
	static const struct { const char *text, *says; } rows[] = {
		{ "{\"verdict\":[\"floor\"],\"call\":{\"name\":\"bpf\"}}", "bpf is on the floor" },
		{ "{\"verdict\":[\"exec\",\"floor\"]}",              "on the floor" },
		{ "{\"verdict\":[\"abi\"]}",                         "foreign ABI" },
		{ "{\"verdict\":[\"left\"]}",                        "cgroup" },
		{ "{}",                                              "does not name the program" },
		{ "{\"verdict\":[\"exec\"]}",                        "does not name the program" },
		{ "{\"verdict\":[\"exec\"],\"executed\":{\"path\":\"x\"}}", "does not name the program" },
		{ "{\"verdict\":[\"exec\"],\"executed\":{\"path\":\"/\"}}", "folder" },
		{ "{\"program\":{\"path\":\"/x\"},\"grams\":[1]}",   "array of strings" },
		{ "{\"program\":{\"path\":\"/x\"},\"grams\":[\"1.2.3.4\"]}", "longer than the profile's 3" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_of(profile) struct profile *p = web();
		auto_buf words = { 0 };
		struct err e = { "" };

		ok(allow(p, rows[i].text, &words, &e) < 0 && strstr(e.text, rows[i].says) && p->version == 1,
		   "refused: %s", e.text);
	}
}

static void test_promote(void)
{
	auto_of(profile) struct profile *p = web(), *empty = NULL;
	auto_buf words = { 0 };
	struct err e = { "" };

	ok(profile_new("s", "n", "i", "x86_64", 3, &empty, &e) == 0 && amend_promote(empty, true, &e) < 0,
	   "refused, by force too: %s", e.text);
	ok(amend_promote(p, false, &e) == 0 && p->state == PROFILE_READY && p->version == 2 &&
	   strcmp(p->why, "promoted by hand") == 0, "promoted");
	ok(amend_promote(p, false, &e) == 1 && p->version == 2, "once");
	ok(amend_demote(p, &e) == 0 && p->state == PROFILE_LEARNING && p->version == 3, "demoted");
	ok(amend_demote(p, &e) == 1 && p->version == 3, "once");
	ok(allow(p, "{\"program\":{\"path\":\"/x\"},\"grams\":[\"1\"]}", &words, &e) == 0, "taught");
	p->contributors[0].late = true;
	ok(amend_promote(p, false, &e) < 0 && strstr(e.text, "--force"), "refused: %s", e.text);
	ok(amend_promote(p, true, &e) == 0 && p->state == PROFILE_READY, "promoted by force");
}

int main(void)
{
	test_gram();
	test_sequence();
	test_execution();
	test_refused();
	test_promote();
	return tap_end();
}
