/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status.h"

#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "control.h"
#include "folder.h"
#include "profile_report.h"
#include "state.h"
#include "store.h"

static bool set_command(struct json *row, const char *key, const char *command, const char *object)
{
	char text[1400] = "";

	if (*object)
		snprintf(text, sizeof(text), "%s %s", command, object);
	return json_set(row, key, json_str(text));
}

static bool add_stopped(struct json *array, const struct state *s)
{
	struct json *row = json_add(array, json_new(JSON_OBJECT));

	return json_set(row, "id", json_str(s->id)) && json_set(row, "root", json_str(s->root)) &&
	       json_set(row, "name", json_str(s->name)) &&
	       json_set(row, "action", json_str(*s->action ? s->action : "freeze")) &&
	       json_set(row, "since", json_num((long long)s->frozen_since)) &&
	       json_set(row, "incident", json_str(s->incident)) &&
	       set_command(row, "show", "thymus incident show", s->incident) &&
	       set_command(row, "release", "thymus release", s->id) &&
	       set_command(row, "allow", "thymus incident allow", s->incident);
}

static int collect_containers(const struct policy *p, struct json *stopped, struct json *containers,
			      struct err *e)
{
	auto_of(list) char **folders = NULL;
	int rc = state_list(p, &folders, e);

	for (size_t i = 0; rc == 0 && folders[i]; i++) {
		auto_state s = { 0 };
		bool ok;

		rc = state_load(folders[i], &s, e);
		if (rc == -ENOENT) { /* it ended while we looked */
			rc = 0;
			continue;
		}
		if (rc == -EINVAL) { /* one broken file must not hide the other containers */
			struct json *row = json_add(containers, json_new(JSON_OBJECT));

			ok = json_set(row, "id", json_str(strrchr(folders[i], '/') + 1)) &&
			     json_set(row, "words", json_str(e->text));
			rc = 0;
		} else if (rc == 0) {
			ok = json_add(containers, state_json(&s));
			if (ok && (*s.action || control_is_stopped(p, &s)))
				ok = add_stopped(stopped, &s);
		} else {
			break;
		}
		if (!ok)
			rc = fail(e, ENOMEM, "out of memory");
	}
	return rc;
}

static struct json *broken_profile(const char *path, const char *words)
{
	auto_of(json) struct json *row = json_new(JSON_OBJECT);

	if (!json_set(row, "name", json_str(path)) ||
	    !json_set(row, "state", json_str("unreadable")) ||
	    !json_set(row, "lacks", json_str(words)))
		return NULL;
	return STEAL(row);
}

int status_profiles(const struct policy *p, struct json **ret, struct err *e)
{
	auto_of(json) struct json *array = json_new(JSON_ARRAY);
	auto_of(list) char **files = NULL;
	int rc = store_list(p, &files, e);

	for (size_t i = 0; rc == 0 && files[i]; i++) {
		auto_of(profile) struct profile *profile = NULL;

		rc = store_load(files[i], &profile, e);
		if (rc == -ENOENT) { /* removed while we looked */
			rc = 0;
			continue;
		}
		if (rc == -ENOMEM)
			return rc;
		if (!json_add(array, rc < 0 ? broken_profile(files[i], e->text)
					    : profile_report(profile, p)))
			return fail(e, ENOMEM, "out of memory");
		rc = 0;
	}
	if (rc == 0)
		*ret = STEAL(array);
	return rc;
}

int status_collect(const struct policy *p, struct json **ret, struct err *e)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	struct json *stopped = json_set(doc, "stopped", json_new(JSON_ARRAY));
	struct json *containers = json_set(doc, "containers", json_new(JSON_ARRAY));
	struct json *profiles = NULL;
	int rc;

	if (!stopped || !containers)
		return fail(e, ENOMEM, "out of memory");
	rc = collect_containers(p, stopped, containers, e);
	if (rc == 0)
		rc = status_profiles(p, &profiles, e);
	if (rc < 0)
		return rc;
	if (!json_set(doc, "profiles", profiles))
		return fail(e, ENOMEM, "out of memory");
	*ret = STEAL(doc);
	return 0;
}
