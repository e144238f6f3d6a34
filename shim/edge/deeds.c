/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deeds.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "amend.h"
#include "control.h"
#include "folder.h"
#include "incident.h"
#include "journal.h"
#include "state.h"
#include "store.h"
#include "table.h"

/* Lock, load, change, save.  `change` returns 1 when there was nothing to change. */
static int edit(const char *path, int (*change)(struct profile *p, void *how, struct err *e),
		void *how, struct err *e)
{
	auto_of(profile) struct profile *profile = NULL;
	auto_store_lock lock = { -1 };
	int rc = store_lock(path, &lock, e);

	if (rc == 0)
		rc = store_load(path, &profile, e);
	if (rc == 0)
		rc = change(profile, how, e);
	if (rc == 0)
		rc = store_save(path, profile, e);
	return rc;
}

static int promote(struct profile *p, void *how, struct err *e)
{
	return amend_promote(p, *(bool *)how, e);
}

static int demote(struct profile *p, void *how, struct err *e)
{
	(void)how;
	return amend_demote(p, e);
}

int deed_promote(const struct policy *p, const char *word, bool force, struct buf *words,
		 struct err *e)
{
	char path[4096];
	int rc = store_find(p, word, path, e);

	if (rc == 0)
		rc = edit(path, promote, &force, e);
	if (rc < 0)
		return rc;
	text_clean(words, word);
	buf_printf(words, rc ? " is ready already\n" :
			       " is ready: its containers are judged by it from now on\n");
	if (rc == 0)
		journal_deed(p, "promote", path,
			     force ? "promoted by hand, by force" : "promoted by hand");
	return 0;
}

int deed_demote(const struct policy *p, const char *word, struct buf *words, struct err *e)
{
	char path[4096];
	int rc = store_find(p, word, path, e);

	if (rc == 0)
		rc = edit(path, demote, NULL, e);
	if (rc < 0)
		return rc;
	text_clean(words, word);
	buf_printf(words, rc ? " is learning already\n" :
			       " learns again, and keeps what it knows\n");
	if (rc == 0)
		journal_deed(p, "demote", path, "demoted by hand");
	return 0;
}

/* The first running container that uses the profile, "" when none does. */
static int user_of(const struct policy *p, const char *path, char ret[80], struct err *e)
{
	auto_of(list) char **folders = NULL;
	int rc = state_list(p, &folders, e);

	ret[0] = '\0';
	for (size_t i = 0; rc == 0 && folders[i] && !*ret; i++) {
		auto_state s = { 0 };

		if (state_load(folders[i], &s, e) == 0 && strcmp(s.profile, path) == 0)
			snprintf(ret, 80, "%s", s.id);
	}
	return rc;
}

int deed_remove(const struct policy *p, const char *word, bool force, struct buf *words,
		struct err *e)
{
	auto_store_lock lock = { -1 };
	char path[4096], user[80];
	int rc = store_find(p, word, path, e);

	if (rc == 0)
		rc = user_of(p, path, user, e);
	if (rc == 0 && *user && !force)
		rc = fail(e, EBUSY,
			  "container %s uses this profile and would write it anew: stop it "
			  "first, or --force",
			  user);
	if (rc == 0)
		rc = store_lock(path, &lock, e);
	if (rc == 0)
		rc = store_remove(path, e);
	if (rc < 0)
		return rc;
	text_clean(words, path);
	buf_puts(words, " is removed\n");
	journal_deed(p, "remove", path, "profile removed");
	return 0;
}

struct allowing {
	const struct json *incident;
	struct allowance allowance;
	struct buf *words;
};

static bool is_taken(const struct profile *p, u32 id)
{
	for (u32 i = 0; i < p->ncontributors; i++)
		if (p->contributors[i].id == id)
			return true;
	return id == 0;
}

static int allow(struct profile *p, void *how, struct err *e)
{
	struct allowing *a = how;

	/* 32 random bits may be somebody's already. */
	do {
		if (getrandom(&a->allowance.unit, sizeof(u32), 0) != sizeof(u32))
			return fail(e, errno, "no random number for a contributor: %m");
	} while (is_taken(p, a->allowance.unit));
	return amend_allow(p, a->incident, &a->allowance, a->words, e);
}

static const char *incident_profile(const struct policy *p, const struct json *incident,
				    char room[4096])
{
	const char *file = json_string(json_at(incident, "profile.file"));
	const char *scope = json_string(json_at(incident, "profile.scope"));
	const char *name = json_string(json_at(incident, "profile.name"));
	const char *image = json_string(json_at(incident, "profile.image"));

	if (file && file[0] == '/')
		return file;
	if (!scope || !name || !image)
		return NULL;
	store_path(p, scope, name, image, room);
	return room;
}

/* Allowing thaws nothing: whoever allows may want to look first. */
static void say_frozen(const struct policy *p, const char *container, struct buf *words)
{
	auto_state s = { 0 };
	struct err ignored;
	char folder[4096];

	if (!container || state_find(p, container, folder, &s, &ignored) < 0 || !*s.action)
		return;
	text_clean(words, s.id);
	buf_puts(words, " is still stopped: thymus release ");
	text_clean(words, s.id);
	buf_puts(words, "\n");
}

int deed_allow(const struct policy *p, const char *word, struct buf *words, struct err *e)
{
	auto_of(json) struct json *incident = NULL;
	char id[32], room[4096], host[65] = "";
	const char *path;
	int rc = incident_load(p, word, id, &incident, e);

	if (rc < 0)
		return rc;
	path = incident_profile(p, incident, room);
	if (!path)
		return fail(e, EINVAL, "incident %s does not name its profile: nothing to amend",
			    id);
	gethostname(host, sizeof(host) - 1);
	struct allowing how = { incident, { .now = (u64)time(NULL), .seconds = p->allow_seconds,
					    .incident = id, .host = host }, words };
	rc = edit(path, allow, &how, e);
	if (rc == 0)
		rc = incident_mark(p, id, "allowed", e);
	if (rc < 0)
		return rc;
	journal_deed(p, "allow", id, words->text ? words->text : "");
	say_frozen(p, json_string(json_at(incident, "container.id")), words);
	return 0;
}
