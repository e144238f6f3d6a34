/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "said.h"
#include "tap.h"

static struct json *doc_of(const char *text)
{
	struct json *doc = NULL;
	struct err e;

	return json_parse(text, strlen(text), 0, &doc, &e) == 0 ? doc : NULL;
}

static bool checks(const char *text, const char *words)
{
	auto_of(json) struct json *doc = doc_of(text);
	struct err e = { "" };
	int rc = said_check(doc, &e);

	return words ? rc < 0 && strstr(e.text, words) : rc == 0;
}

static const char *found(const struct json *doc, const char *key, const char *name, unsigned long long now)
{
	const struct said_for whom = { key, name };
	const struct json *entry = said_find(doc, &whom, now, NULL);

	return entry ? policy_mode_name(said_mode(entry)) : "nothing";
}

static void test_check(void)
{
	ok(checks("{}", NULL), "nothing said");
	ok(checks("{\"all\":{\"mode\":\"off\"},\"names\":{\"a\":{\"mode\":\"auto\",\"until\":0}},\"timed\":{}}", NULL), "something said");
	ok(checks("[]", "not an object"), "an array is none");
	ok(checks("{\"all\":{\"mode\":\"enfroce\"}}", "\"enfroce\" is unknown"), "a mode that is none");
	ok(checks("{\"all\":\"off\"}", "no mode"), "an entry that is none");
	ok(checks("{\"names\":[]}", "\"names\" is not an object"), "names that are none");
	ok(checks("{\"containers\":{\"k\":{\"mode\":\"off\",\"until\":\"x\"}}}", "\"until\" for k"), "a time that is none");
	ok(checks("{\"timed\":{\"all\":{\"mode\":\"off\"}}}", "until when"), "said for a while, without an end");
}

static void test_find(void)
{
	auto_of(json) struct json *doc = doc_of(
		"{\"names\":{\"web\":{\"mode\":\"learn\",\"until\":0},\"red/web\":{\"mode\":\"enforce\"}},\"containers\":{\"k\":{\"mode\":\"enforce\"}},"
		"\"timed\":{\"names\":{\"web\":{\"mode\":\"off\",\"until\":100}},\"all\":{\"mode\":\"monitor\",\"until\":50}}}");

	ok(strcmp(found(doc, "k", "web", 10), "monitor") == 0, "all goes before everything");
	ok(strcmp(found(doc, "k", "web", 50), "enforce") == 0, "then the container");
	ok(strcmp(found(doc, "x", "web", 60), "off") == 0, "then the name, for a while");
	ok(strcmp(found(doc, NULL, "web", 100), "learn") == 0, "and what was kept when that is over");
	ok(strcmp(found(doc, NULL, "db", 100), "nothing") == 0, "and for others nothing");
	ok(strcmp(found(doc, NULL, "blue/web", 100), "learn") == 0, "a name is said for all scopes");
	ok(strcmp(found(doc, NULL, "red/web", 100), "enforce") == 0, "but what is said for its scope goes before it");
	ok(strcmp(found(doc, NULL, "red/db", 100), "nothing") == 0, "and is said for that workload only");
	ok(strcmp(found(NULL, "k", "web", 1), "nothing") == 0, "no document says nothing");
	const char *kind = "";
	ok(said_find(doc, &(struct said_for){ "k", "web" }, 10, &kind) && strcmp(kind, "all") == 0, "by all");
	ok(said_find(doc, &(struct said_for){ "k", "web" }, 50, &kind) && strcmp(kind, "container") == 0, "by the container");
	ok(said_find(doc, &(struct said_for){ NULL, "web" }, 100, &kind) && strcmp(kind, "name") == 0, "by the name");
	ok(said_asks(doc, MODE_ENFORCE, 10) && said_asks(doc, MODE_LEARN, 10), "what is asked for by whomever");
	ok(said_asks(doc, MODE_MONITOR, 49) && !said_asks(doc, MODE_MONITOR, 50), "until it is over");
	ok(!said_asks(doc, MODE_AUTO, 10) && !said_asks(NULL, MODE_OFF, 10), "and nothing else");
}

static bool keep_none(void *ctx, const struct json *entry)
{
	(void)ctx, (void)entry;
	return false;
}

static struct json *off(unsigned long long until)
{
	struct json *entry = json_new(JSON_OBJECT);

	json_set(entry, "mode", json_str("off"));
	json_set(entry, "until", json_num((long long)until));
	return entry;
}

static void test_put(void)
{
	const struct said_for all = { NULL, NULL }, web = { NULL, "web" }, key = { "k", "web" };
	auto_of(json) struct json *doc = json_new(JSON_OBJECT), *rows = NULL;
	auto_buf text = { 0 };

	ok(said_put(doc, &all, true, off(50)) && said_put(doc, &web, false, off(0)) && said_put(doc, &key, false, off(0)), "said");
	ok(said_has_name(doc, "web") && !said_has_name(doc, "db"), "the name is known");
	rows = said_rows(doc, 10);
	ok(strcmp(json_string(json_get(rows->child, "target")), "all") == 0 && rows->child->next->next == rows->last, "three are in force");
	said_sweep(doc, 50, keep_none, NULL);
	ok(strcmp(found(doc, NULL, "x", 1), "nothing") == 0 && strcmp(found(doc, "k", "x", 1), "nothing") == 0, "what is over leaves");
	ok(strcmp(found(doc, NULL, "web", 1), "off") == 0, "and nothing else");
	ok(said_put(doc, &web, true, off(99)) && said_put(doc, &web, false, off(0)), "said for a while, then for good");
	ok(!json_get(json_at(doc, "timed.names"), "web"), "for good ends for a while");
	ok(said_put(doc, &all, false, NULL) && !said_has_name(doc, "web"), "all is forgotten");
	said_text(rows->child, 10, &text);
	ok(strcmp(text.text, "MODE off for all, said by uid 0, until 1970-01-01 00:00:50 UTC\n") == 0, "in words: %s", text.text);
}

int main(void)
{
	test_check();
	test_find();
	test_put();
	return tap_end();
}
