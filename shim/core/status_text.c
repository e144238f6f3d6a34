/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status_text.h"

#include <stdio.h>
#include <string.h>

#include "said.h"
#include "table.h"
#include "when.h"

#define RED   "\033[1;31m"
#define PLAIN "\033[0m"

static const char *word(const struct json *object, const char *key)
{
	const char *text = json_string(json_get(object, key));

	return text ? text : "";
}

static unsigned long long number(const struct json *object, const char *key)
{
	unsigned long long value = 0;

	return json_u64(json_get(object, key), &value) ? value : 0;
}

static const struct json *first(const struct json *doc, const char *key)
{
	const struct json *array = json_get(doc, key);

	return array && array->type == JSON_ARRAY ? array->child : NULL;
}

static void command(struct buf *to, const char *what, const char *text)
{
	if (!*text)
		return;
	buf_printf(to, "  %-8s", what);
	text_clean(to, text);
	buf_puts(to, "\n");
}

static void stopped(const struct json *s, unsigned long long now, bool terminal, struct buf *to)
{
	unsigned long long since = number(s, "since");
	char when[32], span[32];

	buf_puts(to, terminal ? RED : "");
	buf_puts(to, strcmp(word(s, "action"), "kill") == 0 ? "KILLED" : "FROZEN");
	buf_puts(to, terminal ? PLAIN " " : " ");
	text_clean(to, word(s, "id"));
	buf_puts(to, " (");
	text_clean(to, word(s, "name"));
	buf_puts(to, ")");
	if (since) {
		when_text(since, when);
		when_span(now > since ? now - since : 0, span);
		buf_printf(to, " since %s, %s ago", when, span);
	}
	if (*word(s, "incident")) {
		buf_puts(to, ", by incident ");
		text_clean(to, word(s, "incident"));
	}
	buf_puts(to, "\n");
	command(to, "show:", word(s, "show"));
	command(to, "release:", word(s, "release"));
	command(to, "allow:", word(s, "allow"));
}

/* docker ps shows 12 digits, and every command of ours takes a beginning. */
static void id_cell(struct table *t, const char *id, bool terminal)
{
	char cut[13];

	snprintf(cut, sizeof(cut), "%s", id);
	table_cell(t, terminal && strlen(id) == 64 ? cut : id);
}

static void containers(const struct json *doc, bool terminal, struct buf *to)
{
	static const char *const heading[] = { "CONTAINER", "NAME",   "MODE",  "PHASE",
					       "TIERS",     "SENSOR", "GATES", "SECONDS",
					       "CALLS",     "LOST",   "" };
	auto_table t = { .columns = sizeof(heading) / sizeof(heading[0]) };

	for (unsigned i = 0; i < t.columns; i++)
		table_cell(&t, i == t.columns - 1 ? " " : heading[i]);
	for (const struct json *v = first(doc, "containers"); v; v = v->next) {
		id_cell(&t, word(v, "id"), terminal);
		table_cell(&t, word(v, "name"));
		table_cell(&t, word(v, "mode"));
		table_cell(&t, word(v, "phase"));
		table_cell(&t, word(v, "tiers"));
		table_cell(&t, word(v, "sensor"));
		table_cell(&t, word(v, "gates"));
		table_number(&t, number(v, "seconds"));
		table_number(&t, number(v, "calls"));
		table_number(&t, number(v, "lost"));
		table_cell(&t, word(v, "words"));
	}
	if (!first(doc, "containers"))
		buf_puts(to, "no container is watched\n");
	table_emit(&t, terminal, to);
}

static void unwatched(const struct json *doc, bool terminal, struct buf *to)
{
	auto_table t = { .columns = 4 };

	table_cell(&t, "NOT WATCHED");
	table_cell(&t, "ENGINE");
	table_cell(&t, "PID");
	table_cell(&t, " ");
	for (const struct json *v = first(doc, "unwatched"); v; v = v->next) {
		id_cell(&t, word(v, "id"), terminal);
		table_cell(&t, word(v, "engine"));
		table_number(&t, number(v, "pid"));
		table_cell(&t, "not watched");
	}
	if (t.count > t.columns)
		buf_puts(to, "\n");
	table_emit(&t, terminal, to);
}

static void profiles(const struct json *doc, bool terminal, struct buf *to)
{
	auto_table t = { .columns = 4 };

	table_cell(&t, "PROFILE");
	table_cell(&t, "IMAGE");
	table_cell(&t, "STATE");
	table_cell(&t, "LACKS");
	for (const struct json *v = first(doc, "profiles"); v; v = v->next) {
		auto_buf name = { 0 };

		if (strcmp(word(v, "state"), "ready") == 0)
			continue;
		buf_printf(&name, "%s/%s", word(v, "scope"), word(v, "name"));
		table_cell(&t, name.text);
		table_cell(&t, word(v, "image"));
		table_cell(&t, word(v, "state"));
		table_cell(&t, word(v, "lacks"));
	}
	if (t.count > t.columns)
		buf_puts(to, "\n");
	table_emit(&t, terminal, to);
}

static void said(const struct json *doc, unsigned long long now, struct buf *to)
{
	for (const struct json *v = first(doc, "said"); v; v = v->next)
		said_text(v, now, to);
	if (*word(doc, "said_unreadable")) {
		buf_puts(to, "what was said with thymus mode is not understood, and what the policy says counts: ");
		text_clean(to, word(doc, "said_unreadable"));
		buf_puts(to, "\n");
	}
	if (first(doc, "said") || *word(doc, "said_unreadable"))
		buf_puts(to, "\n");
}

void status_text(const struct json *status, unsigned long long now, bool terminal, struct buf *to)
{
	said(status, now, to);
	for (const struct json *v = first(status, "stopped"); v; v = v->next)
		stopped(v, now, terminal, to);
	if (first(status, "stopped"))
		buf_puts(to, "\n");
	containers(status, terminal, to);
	unwatched(status, terminal, to);
	profiles(status, terminal, to);
}
