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

int deed_release(const struct policy *p, const char *word, struct buf *words, struct err *e)
{
	auto_state s = { 0 };
	char folder[4096];
	int rc = state_find(p, word, folder, &s, e);

	if (rc < 0)
		return rc;
	text_clean(words, s.id);
	if (!*s.action && !control_is_stopped(p, &s)) {
		buf_puts(words, " is not stopped: nothing to release\n");
		return 0;
	}
	/* The container first: a full disk must not keep it frozen. */
	rc = control_release(p, &s, e);
	if (rc < 0)
		return fail_in(e, rc, s.id);
	buf_puts(words, strcmp(s.action, "kill") == 0 ?
		 " was killed: the next one starts without its verdict\n" : " runs on\n");
	journal_deed(p, "release", s.id, s.incident);
	rc = mark_released(p, s.incident, e);
	s.action = "";
	s.incident = "";
	s.frozen_since = 0;
	s.words = "released by hand";
	if (rc == 0)
		rc = state_save(folder, &s, e);
	return rc;
}
