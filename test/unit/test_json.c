/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "json.h"
#include "tap.h"

static int parse(const char *text, unsigned flags, struct json **ret, struct err *e)
{
	return json_parse(text, strlen(text), flags, ret, e);
}

/* What comes out of emit(parse(text)); NULL when it is refused. */
static char *round_trip(const char *text, unsigned indent)
{
	auto_of(json) struct json *doc = NULL;
	struct buf out = { 0 };
	struct err e;

	if (parse(text, 0, &doc, &e) < 0)
		return NULL;
	json_emit(doc, indent, &out);
	return out.text;
}

static void test_lossless(void)
{
	static const char *const same[] = {
		"{}", "[]", "null", "true", "false", "0", "-0", "1e400", "12345678901234567890123",
		"0.10", "1E+2", "\"\"", "\"\xc3\xa9\xf0\x9f\x90\x99\"", "\"a/b\"", "\"\\u007f\"",
		"\"\\u2028\\u2029\"", "\"\\b\\f\\n\\r\\t\\\"\\\\\\u0001\"",
		"{\"b\":1,\"a\":{\"c\":[1,[],{},null]},\"\":2}",
		"{\"k\":1,\"K\":2}",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		auto_free char *out = round_trip(same[i], 0);

		ok(out && strcmp(out, same[i]) == 0, "%s comes back as it was", same[i]);
	}
	auto_free char *pretty = round_trip("{\"a\":[1,2],\"b\":{},\"c\":[]}", 2);
	ok(pretty && strcmp(pretty,
	   "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}") == 0,
	   "indented text");
	auto_free char *pair = round_trip("\"\\ud83d\\udc19 \\u00e9 \\/\"", 0);
	ok(pair && strcmp(pair, "\"\xf0\x9f\x90\x99 \xc3\xa9 /\"") == 0, "escapes become UTF-8");
}

static void test_refused(void)
{
	static const struct { const char *text, *words; } rows[] = {
		{ "", "not JSON" },
		{ " \n", "not JSON" },
		{ "{", "not JSON" },
		{ "[1,]", "not JSON" },
		{ "{\"a\":1,}", "not JSON" },
		{ "01", "not JSON" },
		{ "+1", "not JSON" },
		{ "NaN", "not JSON" },
		{ "'a'", "not JSON" },
		{ "{} {}", "follows the value" },
		{ "{} \"abc", "follows the value" },
		{ "{}\ntru", "follows the value, line 2" },
		{ "{} 1", "follows the value" },
		{ "{} /", "follows the value" },
		{ "1 2", "follows the value" },
		{ "tru", "not JSON" },
		{ "{\n\n\"a\" 1}", "line 3" },
		{ "/* c */ {}", "not JSON" },
		{ "{} // c", "follows the value" },
		{ "\xef\xbb\xbf{}", "not JSON" },
		{ "{\"a\":1,\"a\":2}", "key \"a\" appears twice" },
		{ "{\"x\":{\"a\":1,\"b\":1,\"\\u0061\":2}}", "key \"a\" appears twice in \"x\"" },
		{ "\"\\u0000\"", "NUL" },
		{ "{\"a\\u0000b\":1}", "NUL" },
		{ "\"\\ud800\"", "half a character" },
		{ "\"\\ud800\\\\v\"", "half a character" },
		{ "\"\\ud800\\u0041\"", "half a character" },
		{ "\"\\udc00\"", "half a character" },
		{ "\"\\udc00\\ud800\"", "half a character" },
		{ "\"\\ud83d\\ud83d\\udc19\"", "half a character" },
		{ "\"\\ud8", "not JSON" },
		{ "\"\\x41\"", "not JSON" },
		{ "\"\xff\"", "not UTF-8" },
		{ "\"\xc0\x80\"", "not UTF-8" },
		{ "\"\xed\xa0\x80\"", "not UTF-8" },
		{ "\"\xf4\x90\x80\x80\"", "not UTF-8" },
		{ "\"\xc3", "not UTF-8" },
		{ "\"\xe2\x82\"", "not UTF-8" },
		{ "\"a\nb\"", "not JSON" },
		{ "\"a\x01\"", "raw control byte 0x01" },
		{ "{\f}", "raw control byte 0x0c" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_of(json) struct json *doc = NULL;
		struct err e = { "" };
		int rc = parse(rows[i].text, 0, &doc, &e);

		ok(rc < 0 && !doc && strstr(e.text, rows[i].words), "row %zu: %s", i, e.text);
	}
	auto_of(json) struct json *doc = NULL;
	struct err e = { "" };
	ok(json_parse("{\"a\":\0001}", 8, 0, &doc, &e) < 0 && strstr(e.text, "control byte 0x00"),
	   "a NUL byte is refused");
}

static void test_comments(void)
{
	static const char text[] = "// \"\\ \n{ /* \"*/ \"a\": 1 /* \\*/ } // end";
	auto_of(json) struct json *doc = NULL;
	auto_of(json) struct json *other = NULL;
	struct err e = { "" };
	unsigned long long n = 0;

	ok(parse(text, JSON_COMMENTS, &doc, &e) == 0, "comments where asked for: %s", e.text);
	ok(json_u64(json_get(doc, "a"), &n) && n == 1, "hide nothing");
	ok(parse("{} /* open", JSON_COMMENTS, &other, &e) < 0, "an open comment is refused");
	ok(parse("{} /*/", JSON_COMMENTS, &other, &e) < 0, "so is half of one");
	ok(parse("{} // a\n /**/ 1", JSON_COMMENTS, &other, &e) < 0, "and what follows comments");
	ok(parse("/* \"*/ \"\\ud800\\\\v\"", JSON_COMMENTS, &other, &e) < 0 &&
	   strstr(e.text, "half a character"), "a comment does not blind the check");
}

static char *repeat(const char *open, const char *close, size_t count)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < count; i++)
		buf_puts(&b, open);
	for (size_t i = 0; i < count; i++)
		buf_puts(&b, close);
	return b.text;
}

static void test_depth(void)
{
	auto_of(json) struct json *doc = NULL;
	auto_of(json) struct json *deeper = NULL;
	auto_free char *most = repeat("[", "]", JSON_DEPTH);
	auto_free char *more = repeat("[", "]", JSON_DEPTH + 1);
	auto_free char *bomb = repeat("[", "", 500000);
	struct json *chain = json_new(JSON_ARRAY);
	struct err e = { "" };

	ok(parse(most, 0, &doc, &e) == 0, "JSON_DEPTH levels are read");
	ok(parse(more, 0, &deeper, &e) < 0 && strstr(e.text, "nested deeper than 64"), "%s",
	   e.text);
	ok(parse(bomb, 0, &deeper, &e) < 0 && strstr(e.text, "nested deeper than 64"),
	   "half a million of them too: %s", e.text);
	for (int i = 0; i < 1000000; i++) {
		struct json *outer = json_new(JSON_ARRAY);

		json_add(outer, chain);
		chain = outer;
	}
	json_free(chain);
	ok(true, "a million levels are freed without recursion");
}

/* Several MiB of env and thousands of keys are legal. */
static void test_large(void)
{
	auto_of(json) struct json *doc = NULL;
	auto_of(json) struct json *twins = NULL;
	auto_buf text = { 0 };
	struct err e = { "" };

	buf_puts(&text, "{");
	for (int i = 0; i < 200000; i++)
		buf_printf(&text, "\"key%d\":\"%0100d\",", i, i);
	buf_puts(&text, "\"last\":1");
	buf_puts(&text, "}");
	ok(json_parse(text.text, text.len, 0, &doc, &e) == 0, "%zu bytes, 200001 keys: %s",
	   text.len, e.text);
	text.text[--text.len] = '\0';
	buf_puts(&text, ",\"key77777\":1}");
	ok(json_parse(text.text, text.len, 0, &twins, &e) < 0 && strstr(e.text, "\"key77777\""),
	   "the one twin among them is found: %s", e.text);
}

static void test_lookups(void)
{
	static const char text[] =
		"{\"s\":\"x\",\"n\":18446744073709551615,\"m\":18446744073709551616,\"neg\":-1,"
		"\"f\":1.0,\"t\":true,\"a\":{\"b\":{\"c\":\"deep\"}},\"l\":[1]}";
	auto_of(json) struct json *doc = NULL;
	unsigned long long n = 0;
	struct err e;

	ok(parse(text, 0, &doc, &e) == 0, "a document");
	ok(strcmp(json_string(json_get(doc, "s")), "x") == 0, "a string");
	ok(!json_string(json_get(doc, "n")) && !json_string(NULL), "is not a number");
	ok(json_u64(json_get(doc, "n"), &n) && n == 18446744073709551615ull, "64 bits");
	ok(!json_u64(json_get(doc, "m"), &n), "not 65");
	ok(!json_u64(json_get(doc, "neg"), &n) && !json_u64(json_get(doc, "f"), &n) &&
	   !json_u64(json_get(doc, "s"), &n) && !json_u64(NULL, &n), "no sign, no fraction");
	ok(json_is_true(json_get(doc, "t")) && !json_is_true(json_get(doc, "n")), "true");
	ok(strcmp(json_string(json_at(doc, "a.b.c")), "deep") == 0, "a path");
	ok(!json_at(doc, "a.x.c") && !json_at(doc, "l.x") && !json_at(NULL, "a") &&
	   !json_at(doc, "a.b.c.d"), "a path that is not there");
	ok(!json_get(json_get(doc, "l"), "x") && !json_get(NULL, "x") && !json_get(doc, NULL),
	   "nothing in what is no object");
}

static void test_building(void)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	auto_buf out = { 0 };
	struct json *list;

	ok(json_set(doc, "a", json_num(-5)) && json_set(doc, "b", json_real(0.1)) &&
	   json_set(doc, "c", json_flag(false)), "members");
	list = json_set(doc, "a", json_new(JSON_ARRAY));
	ok(list && json_add(list, json_str("x\xff" "y")) && json_add(list, json_real(1.0 / 0.0)),
	   "a member is replaced in place");
	ok(!json_set(NULL, "a", json_str("x")) && !json_add(NULL, json_str("x")) &&
	   !json_set(list, "a", json_str("x")) && !json_add(doc, json_str("x")) &&
	   !json_set(doc, "a", NULL) && !json_str(NULL),
	   "a parent that cannot take it frees the value");
	ok(json_set(doc, "c", json_real(1e300)) && json_remove(doc, "b") && !json_remove(doc, "b"),
	   "a member is removed once");
	ok(json_set(doc, "d", json_str("end")) != NULL, "and the end is still the end");
	json_emit(doc, 0, &out);
	ok(strcmp(out.text, "{\"a\":[\"x\\ufffdy\",null],\"c\":1e+300,\"d\":\"end\"}") == 0, "%s",
	   out.text);
	ok(json_remove(doc, "a") && json_remove(doc, "d") && json_remove(doc, "c") && !doc->child &&
	   !doc->last, "all can go");
}

static void test_folded(void)
{
	static const char *const known[] = { "noNewPrivileges", "root", "linux", NULL };
	/* text, and what becomes of it; NULL: refused */
	static const struct { const char *text, *settled; } rows[] = {
		{ "{\"root\":1,\"linux\":2,\"noNewPrivileges\":3,\"other\":4}",
		  "{\"root\":1,\"linux\":2,\"noNewPrivileges\":3,\"other\":4}" },
		{ "{\"a\":0,\"Root\":1}", "{\"a\":0,\"root\":1}" },
		{ "{\"root\":1,\"ROOT\":2}", NULL },
		{ "{\"root\":{\"a\":1},\"x\":0,\"Root\":{\"b\":2,\"c\":3},\"y\":4}", "{\"root\":{\"a\":1,\"b\":2,\"c\":3},\"x\":0,\"y\":4}" },
		{ "{\"Root\":{\"a\":1},\"root\":{},\"ROOT\":{\"b\":2}}", "{\"root\":{\"a\":1,\"b\":2}}" },
		{ "{\"root\":{},\"Root\":{}}", "{\"root\":{}}" },
		{ "{\"root\":{\"a\":1},\"Root\":{\"a\":1}}", NULL },
		{ "{\"root\":{\"a\":1},\"Root\":{\"A\":1}}", NULL },
		{ "{\"root\":{},\"Root\":null}", NULL },
		{ "{\"root\":[],\"Root\":[]}", NULL },
		{ "{\"ROOT\":1,\"root\":2}", NULL },
		{ "{\"ROOT\":1,\"Root\":2}", NULL },
		{ "{\"noNewPrivilege\xc5\xbf\":true}", "{\"noNewPrivileges\":true}" },
		{ "{\"noNewPrivile\xc5\xbfs\":true}", "{\"noNewPrivile\xc5\xbfs\":true}" },
		{ "{\"roots\":1,\"roo\":1,\"\":1}", "{\"roots\":1,\"roo\":1,\"\":1}" },
		{ "[\"Root\"]", "[\"Root\"]" },
	};
	static const char *const kelvin[] = { "mask", NULL };
	auto_of(json) struct json *k = NULL;
	struct err e = { "" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_of(json) struct json *doc = NULL;

		auto_buf out = { 0 };
		int rc = parse(rows[i].text, 0, &doc, &e);

		if (rc == 0)
			rc = json_unfold(doc, known, &e);
		if (rc == 0)
			json_emit(doc, 0, &out);
		ok(rows[i].settled ? rc == 0 && strcmp(out.text, rows[i].settled) == 0 : rc < 0, "%s -> %s", rows[i].text,
		   rc < 0 ? e.text : out.text);
	}
	ok(parse("{\"mas\xe2\x84\xaa\":1}", 0, &k, &e) == 0 && json_unfold(k, kelvin, &e) == 0 && json_get(k, "mask"),
	   "U+212A is a k");
	ok(json_unfold(NULL, known, &e) == 0, "nothing has no keys");
}

struct filled {
	const char *name;
	unsigned count;
	double share;
	bool on;
	struct json *rest;
};

static void test_fill(void)
{
	static const struct json_field fields[] = {
		{ "name", JSON_K_STR, true, offsetof(struct filled, name) },
		{ "count", JSON_K_UINT, false, offsetof(struct filled, count) },
		{ "share", JSON_K_REAL, false, offsetof(struct filled, share) },
		{ "on", JSON_K_BOOL, false, offsetof(struct filled, on) },
		{ "rest", JSON_K_ANY, false, offsetof(struct filled, rest) },
		{ 0 }
	};
	static const struct { const char *text, *words; } rows[] = {
		{ "[]", "expected an object" },
		{ "{}", "\"name\" is missing" },
		{ "{\"name\":1}", "\"name\" has the wrong type or range, must be a string" },
		{ "{\"name\":\"x\",\"count\":4294967296}",
			"\"count\" has the wrong type or range" },
		{ "{\"name\":\"x\",\"on\":1}", "\"on\" has the wrong type" },
		{ "{\"name\":\"x\",\"nmae\":1}", "unknown key \"nmae\"" },
	};
	auto_of(json) struct json *doc = NULL;
	struct filled f = { .count = 7 };
	struct err e = { "" };

	ok(parse("{\"name\":\"x\",\"share\":2.5e-1,\"on\":true,\"rest\":[1]}", 0, &doc, &e) == 0 &&
	   json_fill(doc, fields, &f, &e) == 0, "a full object");
	ok(strcmp(f.name, "x") == 0 && f.count == 7 && f.share == 0.25 && f.on && f.rest,
	   "is filled in");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_of(json) struct json *bad = NULL;

		ok(parse(rows[i].text, 0, &bad, &e) == 0 && json_fill(bad, fields, &f, &e) < 0 &&
		   strstr(e.text, rows[i].words), "%s", e.text);
	}
}

int main(void)
{
	test_lossless();
	test_refused();
	test_comments();
	test_depth();
	test_large();
	test_lookups();
	test_building();
	test_folded();
	test_fill();
	return tap_end();
}
