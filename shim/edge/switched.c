/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "switched.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "file.h"

#define SWITCHED_BYTES (1u << 20)

/* What was said since the last boot; else what was kept over it. */
static struct json *read_said(const struct policy *p)
{
	const char *const folders[] = { p->run, p->profiles };
	struct json *doc = NULL;
	struct err ignored;

	for (size_t i = 0; i < 2 && !doc; i++) {
		auto_free char *text = NULL;
		char path[4096];
		size_t len;

		snprintf(path, sizeof(path), "%s/mode.json", folders[i]);
		if (file_read(path, SWITCHED_BYTES, &text, &len, &ignored) == 0 && json_parse(text, len, 0, &doc, &ignored) < 0)
			doc = NULL;
	}
	return doc;
}

static bool in_force(const struct json *entry, enum mode *ret)
{
	const char *word = json_string(json_get(entry, "mode"));
	unsigned long long until = 0;
	struct err ignored;

	return word && policy_mode(word, ret, &ignored) == 0 &&
	       (!json_u64(json_get(entry, "until"), &until) || until == 0 || until > (unsigned long long)time(NULL));
}

static bool any(const struct json *entries, enum mode mode)
{
	enum mode said;

	for (const struct json *v = entries ? entries->child : NULL; v; v = v->next)
		if (in_force(v, &said) && said == mode)
			return true;
	return false;
}

bool switched_to(const struct policy *p, enum mode mode)
{
	auto_of(json) struct json *doc = read_said(p);
	const struct json *const levels[] = { json_get(doc, "timed"), doc };
	enum mode said;

	for (size_t i = 0; i < 2; i++)
		if ((in_force(json_get(levels[i], "all"), &said) && said == mode) ||
		    any(json_get(levels[i], "names"), mode) || any(json_get(levels[i], "containers"), mode))
			return true;
	return false;
}

const struct json *switched_for(const struct policy *p, const char *folder, const char *name, struct json **doc,
				const char **whom)
{
	static const char *const words[] = { "all", "container", "name" };
	const char *slash = strrchr(folder, '/');
	enum mode said;

	*doc = read_said(p);
	for (size_t i = 0; i < 3; i++) {
		const struct json *const levels[] = { json_get(*doc, "timed"), *doc };

		for (size_t j = 0; j < 2; j++) {
			const struct json *entry = i == 0 ? json_get(levels[j], "all") :
				i == 1 ? json_get(json_get(levels[j], "containers"), slash ? slash + 1 : folder) :
				json_get(json_get(levels[j], "names"), name);

			*whom = words[i];
			if (entry && in_force(entry, &said))
				return entry;
		}
	}
	return NULL;
}
