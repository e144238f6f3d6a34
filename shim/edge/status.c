/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "calls.h"
#include "control.h"
#include "folder.h"
#include "host_containers.h"
#include "process.h"
#include "override.h"
#include "profile_report.h"
#include "said.h"
#include "sensor.h"
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

/* A row must not read as healthy where nobody looks. */
static const char *ailment(const struct state *s)
{
	char path[64];
	struct stat st;

	if (s->keeper && !process_is_same((pid_t)s->keeper, s->keeper_start))
		return "keeper dead: the kernel goes on as before, but nobody learns, explains or releases by itself; start the "
		       "container again";
	if (!s->waiting)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%u/ns/mnt", s->pid);
	if (s->mntns && stat(path, &st) == 0 && (unsigned)st.st_ino != s->mntns)
		return "nobody judges it: its entry runs in another mount namespace than the one it was created in; give the "
		       "container a mount namespace of its own";
	return "created, its entry has not started";
}

static bool add_container(struct json *containers, const struct state *s)
{
	struct json *row = json_add(containers, state_json(s));
	const char *ill = ailment(s);

	return row && (!ill || json_set(row, "words", json_str(ill))) &&
	       json_set(row, "healthy", json_flag(!ill || strncmp(ill, "created", 7) == 0));
}

static int collect_containers(const struct policy *p, struct json *stopped, struct json *containers,
			      struct err *e)
{
	auto_of(list) char **folders = NULL;
	struct sensor *sensor = control_sensor(p);
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
			control_refresh(p, sensor, &s);
			ok = add_container(containers, &s);
			if (ok && (*s.action || control_is_stopped(p, &s)))
				ok = add_stopped(stopped, &s);
		} else {
			break;
		}
		if (!ok)
			rc = fail(e, ENOMEM, "out of memory");
	}
	sensor_close(sensor);
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

struct unwatched {
	const struct json *containers; /* those that are watched */
	struct json *rows;
	bool failed;
};

/* `id` NULL: of any.  Two roots may be one folder; and one engine names a container to us by another root than we find. */
static bool has(const struct json *rows, const char *id, pid_t pid)
{
	unsigned long long other;

	for (const struct json *v = rows->child; v; v = v->next)
		if (json_u64(json_get(v, "pid"), &other) && other == (unsigned long long)pid &&
		    (!id || strcmp(json_string(json_get(v, "id")), id) == 0))
			return true;
	return false;
}

static bool add_unwatched(void *ctx, const struct host_container *c)
{
	struct unwatched *u = ctx;
	struct json *row;

	if (has(u->containers, NULL, c->pid) || has(u->rows, c->id, c->pid))
		return true;
	row = json_add(u->rows, json_new(JSON_OBJECT));
	u->failed = !json_set(row, "id", json_str(c->id)) || !json_set(row, "engine", json_str(c->engine)) ||
		    !json_set(row, "root", json_str(c->root)) || !json_set(row, "pid", json_num(c->pid)) ||
		    !set_command(row, "watch", "thymus watch", c->id);
	return !u->failed;
}

static int collect_said(const struct policy *p, struct json *doc, struct err *e)
{
	auto_of(json) struct json *said = NULL;
	struct err unread = { "" };
	bool understood = override_read(p, &said, &unread) == 0;

	if (!json_set(doc, "said", said_rows(said, (unsigned long long)time(NULL))) ||
	    !json_set(doc, "said_unreadable", json_str(understood ? "" : unread.text)))
		return fail(e, ENOMEM, "out of memory");
	return 0;
}

int status_collect(const struct policy *p, struct json **ret, struct err *e)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	struct json *stopped = json_set(doc, "stopped", json_new(JSON_ARRAY));
	struct json *containers = json_set(doc, "containers", json_new(JSON_ARRAY));
	struct unwatched u = { containers, json_set(doc, "unwatched", json_new(JSON_ARRAY)), false };
	struct json *profiles = NULL;
	int rc;

	if (!stopped || !containers || !u.rows)
		return fail(e, ENOMEM, "out of memory");
	rc = collect_containers(p, stopped, containers, e);
	if (rc == 0)
		host_containers(p, add_unwatched, &u);
	if (u.failed)
		return fail(e, ENOMEM, "out of memory");
	if (rc == 0)
		rc = collect_said(p, doc, e);
	if (rc == 0)
		rc = status_profiles(p, &profiles, e);
	if (rc < 0)
		return rc;
	if (!json_set(doc, "profiles", profiles))
		return fail(e, ENOMEM, "out of memory");
	*ret = STEAL(doc);
	return 0;
}
