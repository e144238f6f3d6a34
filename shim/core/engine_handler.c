/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_handler.h"

#include <stdio.h>
#include <string.h>

#include "json.h"
#include "toml.h"

#define NAME "thymus"

struct reading {
	const char *text;
	struct engine_handler *to;
	unsigned times; /* in this file */
};

static bool ends(const char *path, const char *with)
{
	size_t len = strlen(path), want = strlen(with);

	return len >= want && strcmp(path + len - want, with) == 0;
}

/* A value in quotes, or the first such of an array. */
static void copy(const char *text, const struct toml_item *i, char ret[1024])
{
	size_t at = i->value;

	while (at < i->end && text[at] != '"' && text[at] != '\'')
		at++;
	if (at >= i->end)
		return;
	const char *end = memchr(text + at + 1, text[at], i->end - at - 1);
	if (end)
		snprintf(ret, 1024, "%.*s", (int)(end - text - (ptrdiff_t)at - 1 < 1023 ? end - text - (ptrdiff_t)at - 1 : 1023), text + at + 1);
}

static bool take(void *ctx, const struct toml_item *i)
{
	static const char *const programs[] = {
		"runtimes" TOML_DOT NAME TOML_DOT "options" TOML_DOT "BinaryName", "runtimes" TOML_DOT NAME TOML_DOT "runtime_path",
		"engine" TOML_DOT "runtimes" TOML_DOT NAME,
	};
	static const char *const defaults[] = {
		"containerd" TOML_DOT "default_runtime_name", "crio" TOML_DOT "runtime" TOML_DOT "default_runtime",
		"engine" TOML_DOT "runtime",
	};
	struct reading *r = ctx;
	char word[1024] = "";

	if (ends(i->path, "runtimes" TOML_DOT NAME))
		r->times++;
	if (i->heading)
		return true;
	for (size_t n = 0; n < sizeof(programs) / sizeof(programs[0]); n++)
		if (ends(i->path, programs[n]))
			copy(r->text, i, r->to->program);
	for (size_t n = 0; n < sizeof(defaults) / sizeof(defaults[0]); n++)
		if (ends(i->path, defaults[n])) {
			copy(r->text, i, word);
			r->to->wanted = strcmp(word, NAME) == 0;
		}
	if (ends(i->path, TOML_DOT "hooks_dir"))
		r->to->reads_hooks = true;
	return true;
}

int engine_handler_toml(const char *text, size_t len, struct engine_handler *to, struct err *e)
{
	struct reading r = { text, to, 0 };
	int rc = toml_scan(text, len, take, &r, e);

	to->times += r.times;
	return rc;
}

int engine_handler_json(const char *text, size_t len, struct engine_handler *to, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	int rc = json_parse(text, len, 0, &doc, e);
	const struct json *row = json_at(doc, "runtimes." NAME), *args = json_get(row, "runtimeArgs");
	const char *word = json_string(json_get(doc, "default-runtime"));

	if (rc < 0)
		return rc;
	to->times += row != NULL;
	to->wanted = word && strcmp(word, NAME) == 0;
	word = json_string(json_get(row, "path"));
	snprintf(to->program, sizeof(to->program), "%s", word ? word : "");
	for (const struct json *v = args ? args->child : NULL; v && v->next; v = v->next)
		if (json_string(v) && strcmp(v->text, "--thymus-policy") == 0 && json_string(v->next))
			snprintf(to->policy, sizeof(to->policy), "%s", v->next->text);
	return 0;
}

int engine_handler_hook(const char *text, size_t len, char program[1024], struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	int rc = json_parse(text, len, 0, &doc, e);
	const char *path = json_string(json_at(doc, "hook.path"));

	program[0] = '\0';
	if (rc == 0 && path && ends(path, "/" NAME "-hook"))
		snprintf(program, 1024, "%s", path);
	return rc;
}
