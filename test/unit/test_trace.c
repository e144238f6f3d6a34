/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <string.h>

#include "tap.h"

static struct err e;

static int parse(const char *line, struct trace_line *l)
{
	return trace_parse(line, strlen(line), l, &e);
}

static void test_round(void)
{
	static const char *const lines[] = {
		"# workload=web server", "@12340", "t 3 nginx", "f 3 4", "x 4 /bin/busybox",
		"x 4 /bin/busybox sh", "x 4 /bin/busybox sh c",
		"x 4 /bin/busybox sh cs", "x 4 /bin/busybox sh s",
		"r 4 /a%20b/c%25d", "s 4", "e 4", "l 4 77", "g 4",
		"4 0", "4 9 5", "4 c:5", "4 x:1 3", "4 f:101",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct trace_line l;
		auto_buf out = { 0 };

		if (parse(lines[i], &l) == 0)
			trace_emit(&l, &out);
		ok(out.len == strlen(lines[i]) + 1 && memcmp(out.text, lines[i], out.len - 1) == 0,
		   "written as it was read: %s", lines[i]);
	}
}

static void test_meaning(void)
{
	struct trace_line l;

	ok(parse("x 7 /a%20b/c", &l) == 0 && l.kind == TRACE_EXEC && l.thread == 7 &&
	   strcmp(l.text, "/a b/c") == 0 && strcmp(l.name, "c") == 0 && !l.changed && !l.session,
	   "a path is decoded, its last part is the name");
	ok(parse("x 7 /bin/sh /run%25.sh cs", &l) == 0 && strcmp(l.name, "/run%.sh") == 0 &&
		   l.changed && l.session,
	   "a script, and flags");
	ok(parse("5 c:11 2", &l) == 0 && l.kind == TRACE_CALL && l.abi == ABI_COMPAT &&
		   l.call == 11 && l.count == 2,
	   "a compat call, twice");
	ok(parse("5 f:101", &l) == 0 && l.kind == TRACE_FLOOR && l.abi == ABI_NATIVE &&
		   l.call == 101,
	   "a floor call");
	ok(parse("  5   1 ", &l) == 0 && l.call == 1 && l.count == 1, "more blanks are one");
	ok(parse("t 1 50%off", &l) == 0 && strcmp(l.text, "50%off") == 0,
	   "a percent sign before anything but two digits is itself");
	ok(parse("#key=value", &l) == 0 && strcmp(l.text, "key=value") == 0,
	   "a header without its blank");
}

static void test_refusals(void)
{
	static const struct { const char *line, *words; } rows[] = {
		{ "", "empty line" },
		{ "5", "is missing" },
		{ "5 -1", "is no number" },
		{ "5 1 0", "at least 1" },
		{ "5 1 2 3", "at least 1" },
		{ "f 1", "has 3 words" },
		{ "x 1", "words" },
		{ "x 1 /a b d", "no flags" },
		{ "x 1 /a b cc", "no flags" },
		{ "t 1 a%00b", "NUL" },
		{ "z 1", "is no number" },
		{ "5 q:1", "no ABI" },
		{ "@x", "is no number" },
		{ "@", "is missing" },
		{ "l 1 x", "is no number" },
		{ "1048576 1", "0 to 1048575" }, { "5 99999999999", "must be 0 to" },
		{ "99999999999999999999 1", "is no number" }, { "s 1 2", "has 2 words" },
		{ "a b c d e f", "at most 5" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trace_line l;

		ok(parse(rows[i].line, &l) == -EINVAL && strstr(e.text, rows[i].words),
		   "refused: \"%s\": %s", rows[i].line, e.text);
	}
}

static void test_long(void)
{
	char line[4000] = "x 1 /";
	struct trace_line l;

	memset(line + 5, 'a', 2000);
	ok(parse(line, &l) == -EINVAL && strstr(e.text, "longer than"),
	   "a path that finds no room");
	line[5 + 300] = '\0';
	ok(parse(line, &l) == -EINVAL && strstr(e.text, "longer than"),
	   "a last part that is no name");
	memcpy(line + 5 + 300, " n", 3);
	ok(parse(line, &l) == 0, "unless the line gives one");
}

int main(void)
{
	test_round();
	test_meaning();
	test_refusals();
	test_long();
	return tap_end();
}
