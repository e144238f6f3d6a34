/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "explain.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "override.h"
#include "state.h"
#include "store.h"

/* One line of identity.h's trail. */
static bool add_step(struct json *steps, char *line)
{
	struct json *row = json_add(steps, json_new(JSON_OBJECT));
	char *save = NULL, *what = strtok_r(line, "\t", &save), *used = strtok_r(NULL, "\t", &save);
	char *source = strtok_r(NULL, "\t", &save), *words = strtok_r(NULL, "\t", &save);

	return json_set(row, "what", json_str(what ? what : "")) &&
	       json_set(row, "used", json_flag(used && strcmp(used, "used") == 0)) &&
	       json_set(row, "source", json_str(source ? source : "")) && json_set(row, "words", json_str(words ? words : ""));
}

static bool add_steps(struct json *doc, const char *trail)
{
	struct json *steps = json_set(doc, "steps", json_new(JSON_ARRAY));
	auto_free char *text = strdup(trail);
	char *save = NULL;

	if (!text || !steps)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!add_step(steps, line))
			return false;
	return true;
}

static bool add_key(struct json *doc, const struct state *s)
{
	struct json *key = json_set(doc, "key", json_new(JSON_OBJECT));

	return json_set(key, "scope", json_str(s->scope)) && json_set(key, "name", json_str(s->name)) &&
	       json_set(key, "image", json_str(s->image));
}

static bool copy_said(struct json *mode, const struct json *entry, const char *whom)
{
	static const char *const words[] = { "mode", "user", "by" }, *const numbers[] = { "since", "until", "uid" };
	struct json *said = json_set(mode, "said", json_new(JSON_OBJECT));
	bool ok = json_set(said, "for", json_str(whom));

	for (size_t i = 0; i < 3; i++) {
		const char *word = json_string(json_get(entry, words[i]));
		unsigned long long value;

		if (word)
			ok &= json_set(said, words[i], json_str(word)) != NULL;
		if (json_u64(json_get(entry, numbers[i]), &value))
			ok &= json_set(said, numbers[i], json_num((long long)value)) != NULL;
	}
	return ok;
}

static bool add_mode(const struct policy *p, struct json *doc, const char *folder, const struct state *s)
{
	auto_of(json) struct json *said = NULL;
	const char *whom;
	char name[512];

	snprintf(name, sizeof(name), "%s/%s", s->scope, s->name);
	const struct json *entry = override_find(p, folder, name, &said, &whom);
	struct json *mode = json_set(doc, "mode", json_new(JSON_OBJECT));

	return json_set(mode, "in_force", json_str(s->mode)) && json_set(mode, "asked", json_str(s->asked)) &&
	       json_set(mode, "decided", json_str(s->decided)) && json_set(mode, "words", json_str(s->words)) &&
	       json_set(mode, "late", json_flag(s->late != 0)) && (!entry || copy_said(mode, entry, whom));
}

static bool add_profile(struct json *doc, const struct state *s)
{
	struct json *row = json_set(doc, "profile", json_new(JSON_OBJECT));
	auto_of(profile) struct profile *profile = NULL;
	struct err e;
	int rc = store_load(s->profile, &profile, &e);

	return json_set(row, "file", json_str(s->profile)) &&
	       json_set(row, "state", json_str(rc == 0 ? profile_state_name(profile->state) : rc == -ENOENT ? "none yet" :
					      "unreadable")) &&
	       json_set(row, "predecessor", json_str(s->predecessor));
}

int explain_collect(const struct policy *p, const char *id, struct json **ret, struct err *e)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	auto_state s = { 0 };
	char folder[4096];
	int rc = state_find(p, id, folder, &s, e);

	if (rc < 0)
		return rc;
	if (!json_set(doc, "id", json_str(s.id)) || !json_set(doc, "root", json_str(s.root)) ||
	    !json_set(doc, "bundle", json_str(s.bundle)) || !add_key(doc, &s) || !add_steps(doc, s.trail) ||
	    !add_mode(p, doc, folder, &s) || !add_profile(doc, &s))
		return fail(e, ENOMEM, "out of memory");
	*ret = STEAL(doc);
	return 0;
}
