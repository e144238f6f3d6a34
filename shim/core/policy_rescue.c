/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_rescue.c - what can be had of a policy that cannot be read. */
#include <string.h>

#include "policy.h"

/* Where the comment that begins at `at` ends; `at`: there is none. */
static const char *behind_comment(const char *at, const char *end)
{
	const char *close = NULL;

	if (end - at < 2 || at[0] != '/')
		return at;
	if (at[1] == '/')
		close = memchr(at, '\n', (size_t)(end - at));
	else if (at[1] == '*')
		close = memmem(at + 2, (size_t)(end - at - 2), "*/", 2);
	else
		return at;
	return close ? close + 1 : end;
}

/* Length of the object that begins at text[0], 0: it has no end. */
static size_t object_length(const char *text, const char *end)
{
	unsigned depth = 0;
	bool quoted = false;

	for (const char *at = text; at < end; at++) {
		if (!quoted && (at = behind_comment(at, end)) >= end)
			return 0;
		if (quoted && *at == '\\')
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (!quoted && *at == '{')
			depth++;
		else if (!quoted && *at == '}' && --depth == 0)
			return (size_t)(at + 1 - text);
	}
	return 0;
}

static struct json *find_folders(const char *text, size_t len)
{
	static const char key[] = "\"folders\"";
	const char *end = text + len, *at = text;
	struct json *doc = NULL;
	struct err ignored;

	while ((at = memmem(at, (size_t)(end - at), key, sizeof(key) - 1)) != NULL) {
		at += sizeof(key) - 1;
		while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n' || *at == ':'))
			at++;
		size_t n = at < end && *at == '{' ? object_length(at, end) : 0;

		if (n && json_parse(at, n, JSON_COMMENTS, &doc, &ignored) == 0)
			return doc;
	}
	return NULL;
}

void policy_rescue(const char *text, size_t len, struct policy *ret)
{
	struct err ignored;

	policy_default(ret);
	ret->doc = find_folders(text, len);
	const struct { const char *key, **to; } rows[] = {
		{ "profiles", &ret->profiles }, { "incidents", &ret->incidents }, { "run", &ret->run },
		{ "log", &ret->log }, { "bpf", &ret->bpf },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = json_string(json_get(ret->doc, rows[i].key));

		if (path && policy_check_path(rows[i].key, path, &ignored) == 0)
			*rows[i].to = path;
	}
}
