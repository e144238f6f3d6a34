/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mode_switch.h"

#include <stdio.h>
#include <string.h>

#include "control.h"
#include "folder.h"
#include "override.h"
#include "process.h"
#include "state.h"
#include "store.h"
#include "table.h"
#include "when.h"

enum { NAME_ROOM = 512 };

static void full_name(const struct state *s, char ret[NAME_ROOM])
{
	snprintf(ret, NAME_ROOM, "%s/%s", s->scope, s->name);
}

/* What counts for it now: also what was said for all, which outweighs this word. */
static enum mode in_force(const struct policy *p, const struct mode_switch *m, const struct state *s, const char *folder)
{
	enum mode mode = m->mode;
	char name[NAME_ROOM];
	struct err ignored;

	full_name(s, name);
	if (override_get(p, folder, name, &mode))
		return mode;
	if (m->back && policy_mode(s->asked, &mode, &ignored) < 0)
		mode = p->mode;
	return mode;
}

/* The kernel's row of another version's sensor is out of our reach, but its monitor reads what is said, too. */
static int put_in_force(const struct policy *p, const struct state *s, enum mode mode, struct err *e)
{
	int rc = control_mode(p, s, mode, e);

	return rc == -ENOENT && process_is_same((pid_t)s->monitor, s->monitor_start) ? 0 : rc;
}

/* One container; its row says what became of it. */
static int act(const struct policy *p, const struct mode_switch *m, const struct state *s, const char *folder,
	       struct json *rows, struct err *e)
{
	struct json *row = json_add(rows, json_new(JSON_OBJECT));
	enum mode mode = in_force(p, m, s, folder);
	int rc = put_in_force(p, s, mode, e);

	if (!json_set(row, "id", json_str(s->id)) || !json_set(row, "name", json_str(s->name)) ||
	    !json_set(row, "mode", json_str(policy_mode_name(mode))) ||
	    !json_set(row, "done", json_flag(rc == 0)) ||
	    !json_set(row, "stopped", json_flag(*s->action != '\0')) ||
	    !json_set(row, "words", json_str(rc < 0 ? e->text : "")))
		return fail(e, ENOMEM, "out of memory");
	return rc < 0 ? fail_in(e, rc, s->id) : 0;
}

static bool has_name(const struct state *s, const char *word)
{
	char name[NAME_ROOM];

	full_name(s, name);
	return strcmp(strchr(word, '/') ? name : s->name, word) == 0;
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
		if (rc == 0 && name && !has_name(&s, name))
			continue;
		if (rc == 0)
			rc = act(p, m, &s, folders[i], rows, e);
		if (rc < 0 && failed == 0) {
			failed = rc;
			first = *e;
		}
	}
	if (failed < 0)
		*e = first;
	return failed;
}

/* The scopes in which a word is a workload's name: the first, and another. */
struct scopes { char one[NAME_ROOM], other[NAME_ROOM]; };

static void note_scope(struct scopes *found, const char *scope, size_t len)
{
	char *to = found->one[0] ? found->other : found->one;

	if (strncmp(found->one, scope, len) != 0 || found->one[len])
		snprintf(to, NAME_ROOM, "%.*s", (int)len, scope);
}

static void look_at_running(const struct policy *p, const char *word, struct scopes *found)
{
	auto_of(list) char **folders = NULL;
	struct err ignored;

	if (state_list(p, &folders, &ignored) < 0)
		return;
	for (size_t i = 0; folders[i]; i++) {
		auto_state s = { 0 };

		if (state_load(folders[i], &s, &ignored) == 0 && has_name(&s, word))
			note_scope(found, s.scope, strlen(s.scope));
	}
}

/* PROFILES/SCOPE/NAME@IMAGE.json: several images of one name are one name. */
static void look_at_profiles(const struct policy *p, const char *word, struct scopes *found)
{
	auto_of(list) char **files = NULL;
	size_t len = strlen(word);
	struct err ignored;

	if (store_list(p, &files, &ignored) < 0)
		return;
	for (size_t i = 0; files[i]; i++) {
		const char *scope = files[i] + strlen(p->profiles) + 1, *slash = strchr(scope, '/');
		const char *name = strchr(word, '/') ? scope : slash ? slash + 1 : scope;

		if (slash && strncmp(name, word, len) == 0 && name[len] == '@')
			note_scope(found, scope, (size_t)(slash - scope));
	}
}

/* 1: it is a workload's name. */
static int is_name(const struct policy *p, const struct mode_switch *m, struct err *e)
{
	struct scopes found = { "", "" };

	if (strchr(m->word, '@'))
		return 0;
	look_at_running(p, m->word, &found);
	look_at_profiles(p, m->word, &found);
	if (found.other[0] && !(m->back && override_has_name(p, m->word)))
		return fail(e, EEXIST, "there is a workload %.60s in the scopes %.60s and %.60s: say %.60s/%.60s or the other", m->word,
			    found.one, found.other, found.one, m->word);
	return found.one[0] != '\0';
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
	o.id = s.id;
	if (rc == 0)
		rc = remember(p, m, &o, e);
	return rc < 0 ? rc : act(p, m, &s, folder, rows, e);
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

/* What does not survive a reboot is said, and no failure: what runs and what comes is switched. */
static bool keep(const struct policy *p, const struct mode_switch *m, struct json *doc)
{
	struct err e = { "" };
	bool asked = m->until == 0, kept = asked && override_keep(p, &e) == 0;

	return json_set(doc, "kept", json_flag(kept)) &&
	       json_set(doc, "kept_why_not", json_str(asked && !kept ? e.text : ""));
}

/* What counts for containers to come. */
static bool tell_future(const struct policy *p, const struct mode_switch *m, struct json *doc)
{
	enum mode mode = p->mode;

	override_get(p, NULL, m->word ? m->word : "", &mode);
	return json_set(doc, "in_force", json_str(policy_mode_name(mode)));
}

static int begin(const struct policy *p, const struct mode_switch *m, bool many, struct json *doc, struct err *e)
{
	const char *mode = m->back ? "default" : policy_mode_name(m->mode);
	auto_of(json) struct json *before = NULL;
	struct err unread = { "" };
	bool understood = override_read(p, &before, &unread) == 0;

	if (!json_set(doc, "mode", json_str(mode)) ||
	    !json_set(doc, "target", json_str(m->word ? m->word : "all")) ||
	    !json_set(doc, "remembered", json_flag(many)) ||
	    !json_set(doc, "until", json_num((long long)m->until)) ||
	    !json_set(doc, "unreadable", json_str(understood ? "" : unread.text)) ||
	    !json_set(doc, "containers", json_new(JSON_ARRAY)))
		return fail(e, ENOMEM, "out of memory");
	return 0;
}

int mode_switch(const struct policy *p, const struct mode_switch *m, struct json **ret,
		struct err *e)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	int rc, named = m->word ? is_name(p, m, e) : 1;
	bool many = named > 0 || was_named(p, m);
	struct json *rows;

	if (named < 0)
		return named;
	rc = begin(p, m, many, doc, e);
	if (rc < 0)
		return rc;
	rows = json_get(doc, "containers");
	rc = many ? switch_many(p, m, rows, e) : switch_one(p, m, rows, e);
	if (!keep(p, m, doc) || !tell_future(p, m, doc))
		return fail(e, ENOMEM, "out of memory");
	*ret = STEAL(doc);
	return rc;
}

static const char *word(const struct json *doc, const char *key)
{
	const char *text = json_string(json_get(doc, key));

	return text ? text : "";
}

/* How long it lasts. */
static void say_span(const struct json *result, const char *mode, struct buf *to)
{
	unsigned long long until = 0;
	char when[32];

	if (json_u64(json_get(result, "until"), &until) && until) {
		when_text(until, when);
		buf_printf(to, "%s until %s", mode, when);
	} else {
		buf_printf(to, "%s until thymus mode default", mode);
	}
}

static void say_future(const struct json *result, struct buf *to)
{
	const char *mode = word(result, "mode");

	text_clean(to, word(result, "target"));
	buf_puts(to, ": ");
	if (strcmp(mode, "default") == 0) {
		buf_puts(to, "nothing is said any more; ");
		buf_puts(to, json_is_true(json_get(result, "remembered")) ? "for containers to come it is " : "the policy says ");
		buf_puts(to, word(result, "in_force"));
	} else {
		say_span(result, mode, to);
		buf_puts(to, json_is_true(json_get(result, "remembered")) ? ", for containers to come too" : "");
		if (json_is_true(json_get(result, "remembered")) && strcmp(word(result, "in_force"), mode) != 0)
			buf_printf(to, "; but what was said for all outweighs it: %s", word(result, "in_force"));
	}
	buf_puts(to, "\n");
	if (*word(result, "kept_why_not")) {
		buf_puts(to, "it does not survive a reboot, after which counts what was said before: ");
		text_clean(to, word(result, "kept_why_not"));
		buf_puts(to, "\n");
	}
	if (*word(result, "unreadable")) {
		buf_puts(to, "what was said before is forgotten and put aside as mode.json.unreadable: ");
		text_clean(to, word(result, "unreadable"));
		buf_puts(to, "\n");
	}
}

void mode_switch_text(const struct json *result, struct buf *to)
{
	for (const struct json *v = json_get(result, "containers")->child; v; v = v->next) {
		bool done = json_is_true(json_get(v, "done"));

		text_clean(to, word(v, "id"));
		buf_puts(to, ": ");
		text_clean(to, word(v, done ? "mode" : "words"));
		if (json_is_true(json_get(v, "stopped"))) {
			buf_puts(to, "; still stopped: thymus release ");
			text_clean(to, word(v, "id"));
		}
		buf_puts(to, "\n");
	}
	say_future(result, to);
}
