/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_setup.h"

#include <string.h>

#include "json.h"
#include "place.h"

#define NAME "thymus"

const char engine_setup_names[] = "docker, containerd, crio, podman";

static int done(const struct buf *to, struct err *e)
{
	return to->failed ? fail(e, ENOMEM, "out of memory") : 0;
}

/* ---- Docker: daemon.json ---- */

/* How far the second line is indented: our lines shall look like the others. */
static unsigned indent_of(const char *text)
{
	const char *line = strchr(text, '\n');
	size_t blanks = line ? strspn(line + 1, " ") : 0;

	return blanks > 0 && blanks <= 8 ? (unsigned)blanks : 2;
}

/* Beside the path and the policy others may have given it arguments. */
static bool describe(struct json *row, const struct engine_wish *w)
{
	struct json *was = json_get(row, "runtimeArgs"), *args = json_new(JSON_ARRAY);
	bool good = args && json_set(row, "path", json_str(w->program));

	if (w->policy)
		good = good && json_add(args, json_str("--thymus-policy")) && json_add(args, json_str(w->policy));
	for (const struct json *v = was ? was->child : NULL; v; v = v->next) {
		if (json_string(v) && strcmp(v->text, "--thymus-policy") == 0) {
			v = v->next ? v->next : v;
			continue;
		}
		good = good && json_string(v) && json_add(args, json_str(v->text));
	}
	if (good && args->child)
		return json_set(row, "runtimeArgs", args);
	json_free(args);
	json_remove(row, "runtimeArgs");
	return good;
}

static int add_to_docker(struct json *doc, const struct engine_wish *w, struct err *e)
{
	struct json *all = json_get(doc, "runtimes"), *row;

	if (all && all->type != JSON_OBJECT)
		return fail(e, EINVAL, "\"runtimes\" is not an object");
	if (!all)
		all = json_set(doc, "runtimes", json_new(JSON_OBJECT));
	row = json_get(all, NAME);
	if (!row || row->type != JSON_OBJECT)
		row = json_set(all, NAME, json_new(JSON_OBJECT));
	if (!row || !describe(row, w) || (w->by_default && !json_set(doc, "default-runtime", json_str(NAME))))
		return fail(e, ENOMEM, "out of memory");
	return 0;
}

/* The default that was there before us, if that runtime is still one. */
static void old_default(struct json *doc, const struct engine_wish *w)
{
	auto_of(json) struct json *first = NULL;
	struct err ignored;
	const char *was;

	if (!w->first || json_parse(w->first, strlen(w->first), 0, &first, &ignored) < 0)
		return;
	was = json_string(json_get(first, "default-runtime"));
	if (was && strcmp(was, NAME) != 0 && (strcmp(was, "runc") == 0 || json_get(json_get(doc, "runtimes"), was)))
		json_set(doc, "default-runtime", json_str(was));
}

static void take_from_docker(struct json *doc, const struct engine_wish *w)
{
	struct json *all = json_get(doc, "runtimes");
	const char *chosen = json_string(json_get(doc, "default-runtime"));
	bool ours = chosen && strcmp(chosen, NAME) == 0;

	json_remove(all, NAME);
	if (all && all->type == JSON_OBJECT && !all->child)
		json_remove(doc, "runtimes");
	if (!ours)
		return;
	json_remove(doc, "default-runtime");
	old_default(doc, w);
}

/* What is said already stays as it is written. */
static bool same(const struct json *doc, const char *text, size_t len)
{
	auto_of(json) struct json *was = NULL;
	auto_buf a = { 0 }, b = { 0 };
	struct err ignored;

	if (!text || json_parse(text, len, 0, &was, &ignored) < 0)
		return false;
	json_emit(was, 0, &a);
	json_emit(doc, 0, &b);
	return !a.failed && !b.failed && a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static int edit_docker(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	int rc = 0;

	if (text && strspn(text, " \t\r\n") < len)
		rc = json_parse(text, len, 0, &doc, e);
	else if (!w->remove)
		doc = json_new(JSON_OBJECT);
	if (rc == 0 && doc && doc->type != JSON_OBJECT)
		rc = fail(e, EINVAL, "it is not an object");
	if (rc < 0 || !doc) /* nothing to remove it from */
		return rc;
	if (w->remove)
		take_from_docker(doc, w);
	else
		rc = add_to_docker(doc, w, e);
	if (rc < 0 || (w->remove && !doc->child)) /* an empty one says nothing */
		return rc;
	if (same(doc, text, len)) {
		buf_add(to, text, len);
		return done(to, e);
	}
	json_emit(doc, text ? indent_of(text) : 2, to);
	buf_puts(to, "\n");
	return done(to, e);
}

#define HOOK_FILES(conf, edit) \
	{ conf, true, edit }, { "/containers/oci/hooks.d/60-thymus-createRuntime.json", true, engine_hook_create }, \
	{ "/containers/oci/hooks.d/60-thymus-poststop.json", true, engine_hook_end }

static const struct engine_setup engines[] = {
	{ .name = "docker", .restart = "systemctl reload docker", .use = "docker run --rm --runtime=thymus IMAGE true",
	  .no_hooks = "Docker hands no hooks to its runtime: thymus setup docker makes thymus a runtime of it",
	  .parts = { { "/docker/daemon.json", false, edit_docker } } },
	{ .name = "containerd", .restart = "systemctl restart containerd", .use = "a RuntimeClass whose handler is \"thymus\"",
	  .no_hooks = "containerd reads no folder of hooks: thymus setup containerd makes thymus a handler of it",
	  .drop_in = engine_containerd_drop_in, .parts = { { "/containerd/config.toml", false, engine_containerd_edit } } },
	{ .name = "crio", .restart = "systemctl restart crio", .use = "a RuntimeClass whose handler is \"thymus\"",
	  .restart_hooks = "systemctl restart crio", .use_hooks = "start any pod",
	  .parts = { { "/crio/crio.conf.d/60-thymus.conf", false, engine_crio_runtime },
		     HOOK_FILES("/crio/crio.conf.d/60-thymus-hooks.conf", engine_crio_hooks) } },
	{ .name = "podman", .restart = "no restart is needed", .use = "podman --runtime thymus run --rm IMAGE true",
	  .restart_hooks = "no restart is needed", .use_hooks = "podman run --rm IMAGE true",
	  .parts = { { "/containers/containers.conf.d/60-thymus.conf", false, engine_podman_runtime },
		     HOOK_FILES("/containers/containers.conf.d/60-thymus-hooks.conf", engine_podman_hooks) } },
};

const struct engine_setup *engine_setup_find(const char *name)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (strcmp(engines[i].name, name) == 0)
			return &engines[i];
	return NULL;
}

/* ---- what changes ---- */

enum { ALIKE_MOST = 200, ALIKE_NEVER = 1 << 30 }; /* lines */

static bool same_line(const char *a, const char *b)
{
	size_t len = (size_t)(line_end(a) - a);

	return *a && len == (size_t)(line_end(b) - b) && memcmp(a, b, len) == 0;
}

/* `count` lines with their sign; behind them. */
static const char *lines(const char *from, size_t count, char sign, struct buf *out)
{
	for (; count > 0 && *from; count--) {
		buf_printf(out, "%c%.*s\n", sign, (int)strcspn(from, "\n"), from);
		from = line_end(from);
	}
	return from;
}

/* After how many lines of each both go on alike: the fewest together; ALIKE_NEVER of each where they do not. */
static void find_alike(const char *a, const char *b, size_t *of_a, size_t *of_b)
{
	for (size_t sum = 1; sum < ALIKE_MOST; sum++) {
		const char *x = a, *y;

		for (*of_a = 0; *of_a <= sum && *x; ++*of_a, x = line_end(x)) {
			y = b;
			for (*of_b = 0; *of_b < sum - *of_a && *y; ++*of_b)
				y = line_end(y);
			if (*of_b == sum - *of_a && same_line(x, y))
				return;
		}
	}
	*of_a = *of_b = ALIKE_NEVER;
}

void engine_setup_diff(const char *before, const char *after, struct buf *to)
{
	size_t of_a, of_b;

	while (*before || *after) {
		if (same_line(before, after)) {
			before = line_end(before);
			after = line_end(after);
			continue;
		}
		find_alike(before, after, &of_a, &of_b);
		before = lines(before, of_a, '-', to);
		after = lines(after, of_b, '+', to);
	}
}
