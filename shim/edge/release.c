/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "control.h"
#include "deeds.h"
#include "incident.h"
#include "journal.h"
#include "state.h"
#include "table.h"

/* What a person allowed stays allowed: that says more than "released". */
static int mark_released(const struct policy *p, const char *incident, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	const char *state;
	char id[32];
	int rc;

	if (!*incident)
		return 0;
	rc = incident_load(p, incident, id, &doc, e);
	if (rc == -ENOENT) /* someone tidied up: the container thaws all the same */
		return 0;
	if (rc < 0)
		return rc;
	state = json_string(json_get(doc, "state"));
	if (state && strcmp(state, "allowed") == 0)
		return 0;
	return incident_mark(p, id, "released", e);
}

static bool is_stopped(const struct policy *p, const struct state *s)
{
	return *s->action || control_is_stopped(p, s);
}

static int release(const struct policy *p, const char *folder, struct state *s, struct buf *words, struct err *e)
{
	/* The container first: a full disk must not keep it frozen. */
	int rc = control_release(p, s, e);

	if (rc < 0)
		return fail_in(e, rc, s->id);
	text_clean(words, s->id);
	buf_puts(words, strcmp(s->action, "kill") == 0 ?
		 " was killed: the next one starts without its verdict\n" : " runs on\n");
	journal_deed(p, "release", s->id, s->incident);
	rc = mark_released(p, s->incident, e);
	s->action = "";
	s->incident = "";
	s->frozen_since = s->paused = 0;
	s->words = "released by hand";
	return rc < 0 ? rc : state_save(folder, s, e);
}

int deed_release(const struct policy *p, const char *word, struct buf *words, struct err *e)
{
	auto_state s = { 0 };
	char folder[4096];
	int rc = state_find(p, word, folder, &s, e);

	if (rc < 0)
		return rc;
	if (is_stopped(p, &s))
		return release(p, folder, &s, words, e);
	text_clean(words, s.id);
	buf_puts(words, " is not stopped: nothing to release\n");
	return 0;
}

int deed_release_all(const struct policy *p, struct buf *words, struct err *e)
{
	auto_of(list) char **folders = NULL;
	struct err first = { "" };
	int failed = 0, rc = state_list(p, &folders, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; folders[i]; i++) {
		auto_state s = { 0 };

		/* one that cannot be read or thawed must not keep the others frozen */
		rc = state_load(folders[i], &s, e);
		if (rc == -ENOENT)
			continue;
		if (rc == 0 && is_stopped(p, &s))
			rc = release(p, folders[i], &s, words, e);
		if (rc < 0 && failed == 0) {
			failed = rc;
			first = *e;
		}
	}
	if (failed == 0 && !words->text)
		buf_puts(words, "no container is stopped: nothing to release\n");
	if (failed < 0)
		*e = first;
	return failed;
}
