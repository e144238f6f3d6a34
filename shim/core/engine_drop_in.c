/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_drop_in.c - the drop-ins of podman and CRI-O, and our hook by oci-hooks(5).
 *
 * A drop-in is ours; what others have written into it since stays below its heading.  What stands in a table of thymus goes
 * with that.
 */
#include <stdio.h>
#include <string.h>

#include "engine_setup.h"
#include "json.h"
#include "toml.h"

#define NAME "thymus"

#define HOOKS_SHARED "/usr/share/containers/oci/hooks.d" /* what an engine reads that is told of no folder */

struct section {
	const char *heading;
	const char *lines;
	bool own; /* a table of thymus alone */
};

static bool is_heading(const char *line, size_t len, const char *heading)
{
	size_t want = strlen(heading);

	return len >= want && memcmp(line, heading, want) == 0 && strchr("#\n", line[want + strspn(line + want, " \t\r")]);
}

/* The key of a line of ours is in `lines`. */
static bool is_own(const char *line, const char *lines)
{
	size_t key = strcspn(line, " \t=\n");

	for (const char *at = lines; key && at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (strncmp(at, line, key) == 0 && (at[key] == ' ' || at[key] == '='))
			return true;
	return false;
}

/* A line below a section: NULL: before any. */
static bool is_ours(const struct section *s, const char *word, size_t len)
{
	if (!s)
		return len == 0 || strncmp(word, ENGINE_SETUP_OWN, strlen(ENGINE_SETUP_OWN)) == 0;
	return s->heading && (s->own || len == 0 || is_own(word, s->lines));
}

/* The lines of others below `of`; NULL: those before any heading; the last, without a heading: below those that we do not write, with
 * these. */
static void foreign(const char *text, const struct section *all, const struct section *of, struct buf *to)
{
	const struct section *now = NULL;

	for (const char *next; text && *text; text = next) {
		const char *word = text + strspn(text, " \t");
		size_t len = strcspn(word, "\r\n");

		next = text + toml_line(text, strlen(text), 0);
		if (*word == '[') {
			for (now = all; now->heading && !is_heading(word, len, now->heading);)
				now++;
			if (now->heading)
				continue;
		} else if (is_ours(now, word, len)) {
			continue;
		}
		if (now == of) {
			buf_add(to, text, (size_t)(next - text));
			if (next[-1] != '\n')
				buf_puts(to, "\n");
		}
	}
}

static int write(const char *text, const char *title, const struct section *all, const struct engine_wish *w, struct buf *to,
		 struct err *e)
{
	const struct section *s;

	if (!w->remove)
		buf_printf(to, ENGINE_SETUP_OWN " %s\".\n", title);
	foreign(text, all, NULL, to);
	for (s = all; s->heading; s++) {
		auto_buf theirs = { 0 };

		foreign(text, all, s, &theirs);
		if (theirs.len || (!w->remove && *s->lines))
			buf_printf(to, "%s\n%s%s", s->heading, w->remove ? "" : s->lines, theirs.text ? theirs.text : "");
	}
	foreign(text, all, s, to);
	if (to->failed)
		return fail(e, ENOMEM, "out of memory");
	return toml_check(to->text, to->len, e); /* CRI-O is not asked */
}

int engine_crio_runtime(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	auto_buf table = { 0 };
	int rc = toml_check(text, len, e);

	buf_printf(&table, "runtime_path = \"%s\"\nruntime_type = \"oci\"\nruntime_root = \"/run/runc\"\n", w->program);
	if (w->annotations)
		buf_printf(&table, "allowed_annotations = [%s]\n", w->annotations);
	if (table.failed)
		return fail(e, ENOMEM, "out of memory");
	const struct section all[] = {
		{ "[crio.runtime]", w->by_default || w->remove ? "default_runtime = \"" NAME "\"\n" : "", false },
		{ "[crio.runtime.runtimes." NAME "]", table.text, true }, { 0 }
	};

	return rc < 0 ? rc : write(text, "crio", all, w, to, e);
}

int engine_podman_runtime(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	/* or podman reads the runtime's words in another format; the list replaces podman's own, so that one is here, too */
	static const char json[] = "runtime_supports_json = [\"crun\", \"runc\", \"kata\", \"runsc\", \"youki\", \"krun\", \"" NAME "\"]\n";
	auto_buf engine = { 0 }, table = { 0 };
	int rc = toml_check(text, len, e);

	buf_printf(&engine, "%s%s", w->by_default || w->remove ? "runtime = \"" NAME "\"\n" : "", json);
	buf_printf(&table, NAME " = [\"%s\"]\n", w->program);
	if (engine.failed || table.failed)
		return fail(e, ENOMEM, "out of memory");
	const struct section all[] = { { "[engine]", engine.text, false }, { "[engine.runtimes]", table.text, false }, { 0 } };

	return rc < 0 ? rc : write(text, "podman", all, w, to, e);
}

static int hook_folders(const char *heading, const char *title, const char *text, size_t len, const struct engine_wish *w,
			struct buf *to, struct err *e)
{
	auto_buf line = { 0 };
	const char *others = w->folders ? w->folders : "\"" HOOKS_SHARED "\"";
	auto_buf own = { 0 };
	int rc = toml_check(text, len, e);

	buf_printf(&own, "\"%s\"", w->hooks_d);
	if (own.failed)
		return fail(e, ENOMEM, "out of memory");
	if (strstr(others, own.text))
		buf_printf(&line, "hooks_dir = [%s]\n", others);
	else
		buf_printf(&line, "hooks_dir = [%s%s%s]\n", others, *others ? ", " : "", own.text);
	if (line.failed)
		return fail(e, ENOMEM, "out of memory");
	const struct section all[] = { { heading, line.text, false }, { 0 } };

	return rc < 0 ? rc : write(text, title, all, w, to, e);
}

int engine_podman_hooks(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	return hook_folders("[engine]", "podman --hooks", text, len, w, to, e);
}

int engine_crio_hooks(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	return hook_folders("[crio.runtime]", "crio --hooks", text, len, w, to, e);
}

static int hook(const char *text, size_t len, const char *stage, const struct engine_wish *w, struct buf *to, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	struct json *args, *row;
	int rc = 0;

	if (w->remove)
		return 0;
	if (text && strspn(text, " \t\r\n") < len)
		rc = json_parse(text, len, 0, &doc, e);
	else
		doc = json_new(JSON_OBJECT);
	if (rc == 0 && doc && doc->type != JSON_OBJECT)
		rc = fail(e, EINVAL, "it is not an object");
	if (rc < 0)
		return rc;
	if (!json_get(doc, "version"))
		json_set(doc, "version", json_str("1.0.0"));
	row = json_set(doc, "hook", json_new(JSON_OBJECT));
	json_set(row, "path", json_str(w->hook));
	args = json_set(row, "args", json_new(JSON_ARRAY));
	json_add(args, json_str("thymus-hook"));
	json_add(args, json_str(stage));
	if (w->policy) {
		json_add(args, json_str("--policy"));
		json_add(args, json_str(w->policy));
	}
	if (!json_get(doc, "when")) /* a person may have narrowed it */
		json_set(json_set(doc, "when", json_new(JSON_OBJECT)), "always", json_flag(true));
	if (!json_add(json_set(doc, "stages", json_new(JSON_ARRAY)), json_str(stage)))
		return fail(e, ENOMEM, "out of memory");
	json_emit(doc, 2, to);
	buf_puts(to, "\n");
	return to->failed ? fail(e, ENOMEM, "out of memory") : 0;
}

int engine_hook_create(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	return hook(text, len, "createRuntime", w, to, e);
}

int engine_hook_end(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	return hook(text, len, "poststop", w, to, e);
}

/* ---- what others say ---- */

struct wanted {
	const char *text, *path;
	struct buf *to;
};

static void add_string(void *ctx, const char *word, size_t len)
{
	struct buf *to = ctx;

	buf_puts(to, to->len ? ", " : "");
	buf_add(to, word - 1, len + 2); /* with its quotes */
}

static bool take(void *ctx, const struct toml_item *i)
{
	struct wanted *q = ctx;

	if (i->heading || strcmp(i->path, q->path) != 0 || q->text[i->value] != '[')
		return true;
	q->to->len = 0; /* the later one counts alone */
	buf_puts(q->to, "");
	toml_strings(q->text, i, add_string, q->to);
	return true;
}

void engine_setup_array(const char *text, size_t len, const char *path, struct buf *ret)
{
	struct wanted q = { text, path, ret };
	struct err ignored;

	(void)!toml_scan(text, len, take, &q, &ignored);
}
