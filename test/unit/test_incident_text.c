/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "incident_text.h"

#include <string.h>

#include "status_text.h"
#include "table.h"
#include "tap.h"
#include "when.h"

static const char full[] =
	"{ \"id\": \"20260131T235959.123-a1b2\", \"when\": 1769903999.123,"
	"\"container\": {\"id\": \"web1\", \"root\": \"/run/runc\", \"bundle\": \"/b\"},"
	"\"profile\": {\"file\": \"/p/web.json\", \"scope\": \"default\", \"name\": \"web\","
	"  \"image\": \"sha256-00\", \"version\": 7},"
	"\"tier\": 2, \"verdict\": [\"bigram\", \"pair\"], \"action\": \"freeze\", \"prevented\": false,"
	"\"program\": {\"path\": \"/bin/busybox\", \"name\": \"sh\", \"session\": true},"
	"\"thread\": {\"pid\": 41, \"tid\": 42},"
	"\"call\": {\"abi\": \"compat\", \"number\": 59, \"name\": \"execve\"},"
	"\"known\": [\"read\", \"close\"], \"unseen\": [\"read\", \"close\", \"execve\"],"
	"\"calls\": [\"openat\", \"read\", \"close\", \"execve\"], \"grams\": [\"1.4.60\"],"
	"\"process\": {\"command\": [\"sh\", \"-c\", \"echo \\u001b[31m\"],"
	"  \"parents\": [{\"pid\": 1, \"path\": \"/sbin/init\", \"command\": [\"init\", \"-s\"]}],"
	"  \"files\": [{\"fd\": 3, \"path\": \"/etc/shadow\"}], \"maps\": []},"
	"\"state\": \"open\", \"words\": \"web1 did what web never did.\" }";

static const char *const told[] = {
	"incident 20260131T235959.123-a1b2, open\n", "web1 did what web never did.\n",
	"2026-01-31 23:59:59 UTC", "default/web version 7, image sha256-00", "/p/web.json",
	"tier 2: bigram, pair", "freeze; not prevented", "/bin/busybox as sh, in an exec session",
	"process 41, thread 42", "execve, number 59, ABI compat", "known       read close\n",
	"unseen      read close execve\n", "parts at    execve\n", "last calls  openat read close execve\n",
	"command     sh -c echo ?[31m\n", "1 /sbin/init: init -s", "3 /etc/shadow",
	"thymus release web1", "thymus incident allow 20260131T235959.123-a1b2",
};

static struct json *parsed(const char *text)
{
	struct json *doc = NULL;
	struct err e = { "" };

	ok(json_parse(text, strlen(text), 0, &doc, &e) == 0, "the document is JSON %s", e.text);
	return doc;
}

static void test_full(void)
{
	auto_of(json) struct json *doc = parsed(full);
	auto_buf text = { 0 };
	auto_buf again = { 0 };

	incident_text(doc, &text);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		ok(text.text && strstr(text.text, told[i]), "told: %s", told[i]);
	ok(!strstr(text.text, "maps") && !strchr(text.text, 033), "nothing obeys the terminal");
	json_set(doc, "prevented", json_flag(true));
	json_set(doc, "state", json_str("allowed"));
	incident_text(doc, &again);
	ok(strstr(again.text, "freeze; prevented: no effect outside the process"), "prevented is said");
	ok(!strstr(again.text, "incident allow") && strstr(again.text, "thymus release"),
	   "what is allowed need not be allowed again");
}

static void test_exec(void)
{
	auto_of(json) struct json *doc = parsed(
		"{\"id\":\"i\",\"tier\":1,\"verdict\":[\"exec\"],\"action\":\"record\","
		"\"program\":{\"path\":\"/bin/sh\",\"name\":\"sh\"},\"unseen\":[\"execve\"],\"known\":[],"
		"\"executed\":{\"path\":\"/tmp/x\",\"sha256\":\"abcd\",\"upper\":true},"
		"\"container\":{\"id\":\"c\"},\"state\":\"open\"}");
	auto_buf text = { 0 };

	incident_text(doc, &text);
	ok(strstr(text.text, "executed    /tmp/x\n") && strstr(text.text, "sha256 abcd") &&
	   strstr(text.text, "not from the image"), "the executed file is named, with its digest");
	ok(strstr(text.text, "/bin/sh, process"), "a name that the path says already is not repeated");
	ok(strstr(text.text, "nothing that ends in this call"), "nothing known is said so");
	ok(strstr(text.text, "record; nothing was stopped") && !strstr(text.text, "release"),
	   "a record has nothing to release");
}

/* Incidents are read from disk: whatever they lack or hold in a wrong type, text comes out. */
static void test_odd(void)
{
	static const char *const odd[] = {
		"{}", "{\"verdict\":\"exec\",\"calls\":[1,null,{}],\"known\":{},\"unseen\":[7]}",
		"{\"process\":[],\"program\":null,\"thread\":{\"pid\":\"x\"},\"when\":\"now\"}",
		"{\"process\":{\"parents\":[1],\"files\":{\"fd\":1},\"command\":\"sh\"}}",
		"{\"when\":99999999999999999999,\"state\":7,\"action\":[]}",
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		auto_of(json) struct json *doc = parsed(odd[i]);
		auto_buf text = { 0 };

		incident_text(doc, &text);
		ok(text.text && !text.failed && strstr(text.text, "executable"), "%s has a text", odd[i]);
	}
}

static void test_when(void)
{
	static const struct { unsigned long long at; const char *says; } rows[] = {
		{ 0, "1970-01-01 00:00:00 UTC" },          { 951782400, "2000-02-29 00:00:00 UTC" },
		{ 1709251199, "2024-02-29 23:59:59 UTC" }, { 1767225600, "2026-01-01 00:00:00 UTC" },
		{ 4107542400, "2100-03-01 00:00:00 UTC" }, { 253402300799, "9999-12-31 23:59:59 UTC" },
		{ 253402300800, "an unknown time" },       { ~0ull, "an unknown time" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		when_text(rows[i].at, text);
		ok(strcmp(text, rows[i].says) == 0, "%llu is %s", rows[i].at, text);
	}
	when_span(119, text);
	ok(strcmp(text, "119 s") == 0, "%s", text);
	when_span(7200, text);
	ok(strcmp(text, "2 h") == 0, "%s", text);
}

static void test_table(void)
{
	auto_table t = { .columns = 2 };
	auto_buf screen = { 0 };
	auto_buf pipe = { 0 };

	table_cell(&t, "NAME");
	table_cell(&t, "N");
	table_emit(&t, true, &screen);
	ok(screen.len == 0, "a heading without rows is not printed");
	table_cell(&t, "caf\xc3\xa9\tx");
	table_number(&t, 7);
	table_cell(&t, "\xc2\x9b" "31m");
	table_cell(&t, "");
	table_emit(&t, true, &screen);
	table_emit(&t, false, &pipe);
	ok(strcmp(screen.text, "NAME    N\ncaf\xc3\xa9?x  7\n?31m    -\n") == 0, "columns on a terminal");
	ok(strcmp(pipe.text, "caf\xc3\xa9?x\t7\n?31m\t-\n") == 0, "tabs in a pipe");
}

static void test_status(void)
{
	auto_of(json) struct json *doc = parsed(
		"{\"stopped\":[{\"id\":\"web1\",\"name\":\"web\",\"action\":\"freeze\",\"since\":1000,"
		"\"incident\":\"i1\",\"show\":\"thymus incident show i1\",\"release\":\"thymus release web1\","
		"\"allow\":\"thymus incident allow i1\"}],"
		"\"containers\":[{\"id\":\"web1\",\"name\":\"web\",\"mode\":\"enforce\",\"phase\":\"ready\","
		"\"tiers\":\"1,2\",\"sensor\":\"bpf\",\"gates\":\"\",\"seconds\":5,\"calls\":6,\"lost\":0,"
		"\"words\":\"w\"}],"
		"\"profiles\":[{\"scope\":\"s\",\"name\":\"a\",\"image\":\"i\",\"state\":\"ready\"},"
		"{\"scope\":\"s\",\"name\":\"b\",\"image\":\"i\",\"state\":\"learning\",\"lacks\":\"a stop\"}]}");
	auto_of(json) struct json *none = parsed("{\"stopped\":[],\"containers\":[],\"profiles\":[]}");
	auto_buf text = { 0 };
	auto_buf empty = { 0 };

	status_text(doc, 1060, false, &text);
	ok(strncmp(text.text, "FROZEN web1 (web) since 1970-01-01 00:16:40 UTC, 60 s ago, by incident i1\n",
		   70) == 0, "what is stopped comes first");
	ok(strstr(text.text, "thymus release web1\n") && strstr(text.text, "thymus incident allow i1\n"),
	   "with the commands");
	ok(strstr(text.text, "web1\tweb\tenforce\tready\t1,2\tbpf\t-\t5\t6\t0\tw\n"), "a line for a container");
	ok(strstr(text.text, "s/b\ti\tlearning\ta stop\n") && !strstr(text.text, "s/a"),
	   "profiles that are not ready");
	status_text(none, 0, true, &empty);
	ok(strcmp(empty.text, "no container is watched\n") == 0, "nothing is said so");
}

int main(void)
{
	test_full();
	test_exec();
	test_odd();
	test_when();
	test_table();
	test_status();
	return tap_end();
}
