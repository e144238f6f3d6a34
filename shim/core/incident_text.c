/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "incident_text.h"

#include <stdio.h>
#include <string.h>

#include "table.h"
#include "when.h"

#define LABEL 12 /* columns of the labels on the left */
#define WIDTH 96

static const char *at(const struct json *doc, const char *dotted)
{
	const char *text = json_string(json_at(doc, dotted));

	return text ? text : "";
}

static unsigned long long number(const struct json *doc, const char *dotted)
{
	unsigned long long value = 0;

	return json_u64(json_at(doc, dotted), &value) ? value : 0;
}

static const struct json *first(const struct json *doc, const char *dotted)
{
	const struct json *array = json_at(doc, dotted);

	return array && array->type == JSON_ARRAY ? array->child : NULL;
}

static void label(struct buf *to, const char *text)
{
	buf_printf(to, "%-*s", LABEL, text);
}

static void line(struct buf *to, const char *name, const char *text)
{
	if (!*text)
		return;
	label(to, name);
	text_clean(to, text);
	buf_puts(to, "\n");
}

void incident_words(const struct json *array, const char *between, struct buf *to)
{
	const char *gap = "";

	if (!array || array->type != JSON_ARRAY)
		return;
	for (const struct json *v = array->child; v; v = v->next) {
		if (!json_string(v))
			continue;
		buf_puts(to, gap);
		text_clean(to, v->text);
		gap = between;
	}
}

/* Words in lines of WIDTH columns, the label before the first. */
static void wrapped(struct buf *to, const char *name, const struct json *word)
{
	size_t column = LABEL;

	if (!word)
		return;
	label(to, name);
	for (; word; word = word->next) {
		const char *text = json_string(word) ? word->text : "?";

		if (column > LABEL && column + 1 + strlen(text) > WIDTH) {
			buf_printf(to, "\n%*s", LABEL, "");
			column = LABEL;
		} else if (column > LABEL) {
			buf_puts(to, " ");
			column++;
		}
		text_clean(to, text);
		column += strlen(text);
	}
	buf_puts(to, "\n");
}

static void head(const struct json *doc, struct buf *to)
{
	const struct json *when = json_get(doc, "when");
	const char *name = at(doc, "profile.name"), *image = at(doc, "profile.image");
	char text[32];

	buf_puts(to, "incident ");
	text_clean(to, at(doc, "id"));
	buf_puts(to, ", ");
	text_clean(to, *at(doc, "state") ? at(doc, "state") : "open");
	buf_puts(to, "\n");
	if (*at(doc, "words")) {
		text_clean(to, at(doc, "words"));
		buf_puts(to, "\n");
	}
	buf_puts(to, "\n");
	if (when && when->type == JSON_NUMBER) {
		when_text(strtoull(when->text, NULL, 10), text);
		line(to, "when", text);
	}
	line(to, "container", at(doc, "container.id"));
	line(to, "bundle", at(doc, "container.bundle"));
	if (!*name)
		return;
	label(to, "profile");
	text_clean(to, at(doc, "profile.scope"));
	buf_puts(to, "/");
	text_clean(to, name);
	buf_printf(to, " version %llu", number(doc, "profile.version"));
	if (*image)
		buf_puts(to, ", image ");
	text_clean(to, image);
	buf_puts(to, "\n");
	line(to, "", at(doc, "profile.file"));
}

static const char *outcome(const struct json *doc, const char *action)
{
	if (json_is_true(json_get(doc, "prevented")))
		return "prevented: no effect outside the process by this call or a later one;\n"
		       "            the earlier calls below had theirs";
	if (strcmp(action, "record") == 0)
		return "nothing was stopped";
	return "not prevented: this call may have had its effect before the stop";
}

static void decision(const struct json *doc, struct buf *to)
{
	const char *action = at(doc, "action");

	label(to, "verdict");
	buf_printf(to, "tier %llu: ", number(doc, "tier"));
	incident_words(json_get(doc, "verdict"), ", ", to);
	buf_puts(to, "\n");
	if (!*action)
		return;
	label(to, "action");
	text_clean(to, action);
	buf_printf(to, "; %s\n", outcome(doc, action));
}

static void program(const struct json *doc, struct buf *to)
{
	const char *path = at(doc, "program.path"), *name = at(doc, "program.name");
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	label(to, "executable");
	text_clean(to, *path ? path : "unknown");
	if (*name && strcmp(name, base) != 0) {
		buf_puts(to, " as ");
		text_clean(to, name);
	}
	if (json_is_true(json_at(doc, "program.session")))
		buf_puts(to, ", in an exec session");
	buf_printf(to, ", process %llu, thread %llu\n", number(doc, "thread.pid"),
		   number(doc, "thread.tid"));
	if (!json_at(doc, "executed.path"))
		return;
	line(to, "executed", at(doc, "executed.path"));
	if (json_is_true(json_at(doc, "executed.upper")))
		line(to, "", "not from the image: written or changed in the container");
	if (*at(doc, "executed.sha256")) {
		label(to, "");
		buf_puts(to, "sha256 ");
		text_clean(to, at(doc, "executed.sha256"));
		buf_puts(to, "\n");
	}
}

/* The run as far as it is known, and the call at which it parts from all that was learned. */
static void calls(const struct json *doc, struct buf *to)
{
	const struct json *unseen = json_get(doc, "unseen");

	if (json_at(doc, "call.name")) {
		label(to, "call");
		text_clean(to, at(doc, "call.name"));
		buf_printf(to, ", number %llu, ABI ", number(doc, "call.number"));
		text_clean(to, *at(doc, "call.abi") ? at(doc, "call.abi") : "unknown");
		buf_puts(to, "\n");
	}
	if (first(doc, "known"))
		wrapped(to, "known", first(doc, "known"));
	else if (first(doc, "unseen"))
		line(to, "known", "nothing that ends in this call");
	wrapped(to, "unseen", first(doc, "unseen"));
	if (unseen && unseen->type == JSON_ARRAY && json_string(unseen->last))
		line(to, "parts at", unseen->last->text);
	wrapped(to, "last calls", first(doc, "calls"));
}

static void process(const struct json *doc, struct buf *to)
{
	const char *name = "parents";

	wrapped(to, "command", first(doc, "process.command"));
	for (const struct json *v = first(doc, "process.parents"); v; v = v->next, name = "") {
		label(to, name);
		buf_printf(to, "%llu ", number(v, "pid"));
		text_clean(to, at(v, "path"));
		if (json_get(v, "command"))
			buf_puts(to, ": ");
		if (json_string(json_get(v, "command")))
			text_clean(to, at(v, "command"));
		else
			incident_words(json_get(v, "command"), " ", to);
		buf_puts(to, "\n");
	}
	name = "open files";
	for (const struct json *v = first(doc, "process.files"); v; v = v->next, name = "") {
		label(to, name);
		buf_printf(to, "%llu ", number(v, "fd"));
		text_clean(to, at(v, "path"));
		buf_puts(to, "\n");
	}
}

static void next(const struct json *doc, struct buf *to)
{
	const char *state = at(doc, "state"), *id = at(doc, "container.id");

	if (strcmp(state, "released") != 0 && strcmp(at(doc, "action"), "freeze") == 0 && *id) {
		buf_puts(to, "\nto let it run on:          thymus release ");
		text_clean(to, id);
	}
	if (strcmp(state, "allowed") != 0) {
		buf_puts(to, "\nto allow this from now on: thymus incident allow ");
		text_clean(to, at(doc, "id"));
	}
	buf_puts(to, "\n");
}

void incident_text(const struct json *incident, struct buf *to)
{
	head(incident, to);
	decision(incident, to);
	program(incident, to);
	calls(incident, to);
	process(incident, to);
	next(incident, to);
}

void incident_rows_text(const struct json *rows, bool terminal, struct buf *to)
{
	static const char *const heading[] = { "INCIDENT", "CONTAINER", "NAME", "TIER", "VERDICT",
					       "ACTION", "PREVENTED", "PROGRAM", "STATE" };
	auto_table t = { .columns = sizeof(heading) / sizeof(heading[0]) };

	for (unsigned i = 0; i < t.columns; i++)
		table_cell(&t, heading[i]);
	for (const struct json *v = rows->child; v; v = v->next) {
		char cut[13];

		snprintf(cut, sizeof(cut), "%s", at(v, "container"));
		table_cell(&t, at(v, "id"));
		table_cell(&t,
			   terminal && strlen(at(v, "container")) == 64 ? cut : at(v, "container"));
		table_cell(&t, at(v, "name"));
		table_number(&t, number(v, "tier"));
		table_cell(&t, at(v, "verdict"));
		table_cell(&t, at(v, "action"));
		table_cell(&t, json_is_true(json_get(v, "prevented")) ? "yes" : "no");
		table_cell(&t, at(v, "program"));
		table_cell(&t, at(v, "state"));
	}
	table_emit(&t, terminal, to);
}
