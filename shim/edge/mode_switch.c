/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mode_switch.h"

#include <string.h>

#include "control.h"
#include "folder.h"
#include "override.h"
#include "state.h"
#include "store.h"
#include "table.h"
#include "when.h"

/* One container; its row says what became of it. */
static int act(const struct policy *p, const struct mode_switch *m, const struct state *s,
	       struct json *rows, struct err *e)
{
	struct json *row = json_add(rows, json_new(JSON_OBJECT));
	enum mode mode = m->mode;
	int rc = m->back ? policy_mode(s->asked, &mode, e) : 0;

	if (rc == 0)
		rc = control_mode(p, s, mode, e);
	if (!json_set(row, "id", json_str(s->id)) || !json_set(row, "name", json_str(s->name)) ||
	    !json_set(row, "mode", json_str(policy_mode_name(mode))) ||
	    !json_set(row, "done", json_flag(rc == 0)) ||
	    !json_set(row, "stopped", json_flag(*s->action != '\0')) ||
	    !json_set(row, "words", json_str(rc < 0 ? e->text : "")))
		return fail(e, ENOMEM, "out of memory");
	return rc < 0 ? fail_in(e, rc, s->id) : 0;
}

static int act_on_all(const struct policy *p, const struct mode_switch *m, const char *name,
		      struct json *rows, struct err *e)
{
	auto_of(list) char **folders = NULL;
	struct err first = { "" };
	int failed = 0, rc = state_list(p, &folders, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; folders[i]; i++) {
		auto_state s = { 0 };

		rc = state_load(folders[i], &s, e);
		if (rc == -ENOENT) /* it ended while we looked */
			continue;
		if (rc == 0 && name && strcmp(s.name, name) != 0)
			continue;
		if (rc == 0)
			rc = act(p, m, &s, rows, e);
		if (rc < 0 && failed == 0) {
			failed = rc;
			first = *e;
		}
	}
	if (failed < 0)
		*e = first;
	return failed;
}

static bool name_runs(const struct policy *p, const char *name)
{
	auto_of(list) char **folders = NULL;
	struct err ignored;

	if (state_list(p, &folders, &ignored) < 0)
		return false;
	for (size_t i = 0; folders[i]; i++) {
		auto_state s = { 0 };

		if (state_load(folders[i], &s, &ignored) == 0 && strcmp(s.name, name) == 0)
			return true;
	}
	return false;
}

static bool is_name(const struct policy *p, const char *word)
{
	struct err ignored;
	char path[4096];
	int rc;

	if (strpbrk(word, "/@"))
		return false;
	rc = name_runs(p, word) ? 0 : store_find(p, word, path, &ignored);
	return rc == 0 || rc == -EEXIST; /* several images of one name are one name */
}

/* A name whose profile is gone can still be in mode.json, and must be forgettable. */
static bool was_named(const struct policy *p, const struct mode_switch *m)
{
	auto_state s = { 0 };
	struct err ignored;
	char folder[4096];

	return m->back && override_has_name(p, m->word) &&
	       state_find(p, m->word, folder, &s, &ignored) == -ENOENT;
}

static int remember(const struct policy *p, const struct mode_switch *m, const struct override *o,
		    struct err *e)
{
	return m->back ? override_clear(p, o, e) : override_set(p, o, m->mode, m->until, e);
}

static int switch_one(const struct policy *p, const struct mode_switch *m, struct json *rows,
		      struct err *e)
{
	struct override o = { 0 };
	auto_state s = { 0 };
	char folder[4096];
	int rc = state_find(p, m->word, folder, &s, e);

	if (rc == -ENOENT)
		return fail(e, ENOENT,
			    "\"%s\" is neither a workload's name nor a watched container's ID: "
			    "thymus status lists both", m->word);
	o.folder = folder;
	if (rc == 0)
		rc = remember(p, m, &o, e);
	return rc < 0 ? rc : act(p, m, &s, rows, e);
}

/* First remembered, then done: a container that starts in between must not slip through.  If
 * remembering fails the running ones are still switched. */
static int switch_many(const struct policy *p, const struct mode_switch *m, struct json *rows,
		       struct err *e)
{
	const struct override o = { .name = m->word };
	int kept = remember(p, m, &o, e);
	struct err first = *e;
	int rc = act_on_all(p, m, m->word, rows, e);

	if (kept < 0)
		*e = first;
	return kept < 0 ? kept : rc;
}

int mode_switch(const struct policy *p, const struct mode_switch *m, struct json **ret,
		struct err *e)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	bool many = !m->word || is_name(p, m->word) || was_named(p, m);
	const char *mode = m->back ? "default" : policy_mode_name(m->mode);
	struct json *rows;
	int rc;

	json_set(doc, "mode", json_str(mode));
	json_set(doc, "target", json_str(m->word ? m->word : "all"));
	json_set(doc, "remembered", json_flag(many));
	json_set(doc, "until", json_num((long long)m->until));
	rows = json_set(doc, "containers", json_new(JSON_ARRAY));
	if (!rows)
		return fail(e, ENOMEM, "out of memory");
	rc = many ? switch_many(p, m, rows, e) : switch_one(p, m, rows, e);
	*ret = STEAL(doc);
	return rc;
}

void mode_switch_text(const struct json *result, struct buf *to)
{
	const char *mode = json_string(json_get(result, "mode"));
	unsigned long long until = 0;
	char when[32];

	for (const struct json *v = json_get(result, "containers")->child; v; v = v->next) {
		bool done = json_is_true(json_get(v, "done"));

		text_clean(to, json_string(json_get(v, "id")));
		buf_puts(to, ": ");
		text_clean(to, json_string(json_get(v, done ? "mode" : "words")));
		if (json_is_true(json_get(v, "stopped"))) {
			buf_puts(to, "; still stopped: thymus release ");
			text_clean(to, json_string(json_get(v, "id")));
		}
		buf_puts(to, "\n");
	}
	if (!json_is_true(json_get(result, "remembered")))
		return;
	text_clean(to, json_string(json_get(result, "target")));
	if (strcmp(mode, "default") == 0)
		buf_puts(to, ": what the policy says, for containers to come\n");
	else if (json_u64(json_get(result, "until"), &until) && until) {
		when_text(until, when);
		buf_printf(to, ": %s until %s, for containers to come too\n", mode, when);
	} else {
		buf_printf(to, ": %s for containers to come, until the next boot or "
			   "thymus mode default\n", mode);
	}
}
