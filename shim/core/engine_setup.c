/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_setup.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

#define NAME  "thymus"
#define BEGIN "# thymus setup: begin\n"
#define END   "# thymus setup: end\n"
#define WAS   " # thymus setup: was "

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

static struct json *runtime(const struct engine_wish *w)
{
	auto_of(json) struct json *row = json_new(JSON_OBJECT);
	struct json *args;

	if (!json_set(row, "path", json_str(w->program)))
		return NULL;
	if (w->policy) {
		args = json_set(row, "runtimeArgs", json_new(JSON_ARRAY));
		if (!json_add(args, json_str("--thymus-policy")) || !json_add(args, json_str(w->policy)))
			return NULL;
	}
	return STEAL(row);
}

static int add_to_docker(struct json *doc, const struct engine_wish *w, struct err *e)
{
	struct json *all = json_get(doc, "runtimes");

	if (all && all->type != JSON_OBJECT)
		return fail(e, EINVAL, "\"runtimes\" is not an object");
	if (!all)
		all = json_set(doc, "runtimes", json_new(JSON_OBJECT));
	if (!json_set(all, NAME, runtime(w)) ||
	    (w->by_default && !json_set(doc, "default-runtime", json_str(NAME))))
		return fail(e, ENOMEM, "out of memory");
	return 0;
}

static void take_from_docker(struct json *doc)
{
	struct json *all = json_get(doc, "runtimes");
	const char *chosen = json_string(json_get(doc, "default-runtime"));

	json_remove(all, NAME);
	if (all && all->type == JSON_OBJECT && !all->child)
		json_remove(doc, "runtimes");
	if (chosen && strcmp(chosen, NAME) == 0)
		json_remove(doc, "default-runtime");
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
		take_from_docker(doc);
	else
		rc = add_to_docker(doc, w, e);
	if (rc < 0 || (w->remove && !doc->child)) /* an empty one says nothing */
		return rc;
	json_emit(doc, text ? indent_of(text) : 2, to);
	buf_puts(to, "\n");
	return done(to, e);
}

/* ---- containerd: config.toml ---- */

/* The line at or behind `at` that begins, after blanks, with `words`; NULL: none. */
static const char *find_line(const char *at, const char *words)
{
	while (at && *at) {
		const char *next = strchr(at, '\n');

		if (strncmp(at + strspn(at, " \t"), words, strlen(words)) == 0)
			return at;
		at = next ? next + 1 : NULL;
	}
	return NULL;
}

/* Name of the CRI plugin by the file's version. */
static const char *cri_of(const char *text)
{
	const char *line = find_line(text, "version");
	const char *equals = line ? strchr(line, '=') : NULL;
	int version = equals ? equals[1 + strspn(equals + 1, " \t")] - '0' : 1;

	return version >= 3 ? "\"io.containerd.cri.v1.runtime\"" : version == 2 ? "\"io.containerd.grpc.v1.cri\"" : "cri";
}

/* Without our block and our default: what was there before. */
static void strip(const char *text, struct buf *to)
{
	while (*text) {
		const char *end = strchr(text, '\n'), *next = end ? end + 1 : text + strlen(text), *was;

		if (strncmp(text, BEGIN, strlen(BEGIN)) == 0 && strstr(text, END)) {
			text = strstr(text, END) + strlen(END);
			continue;
		}
		was = memmem(text, (size_t)(next - text), WAS, strlen(WAS));
		if (was) {
			buf_add(to, text, strcspn(text, "\""));
			buf_puts(to, "\"");
			was += strlen(WAS);
			buf_add(to, was, (size_t)(next - was) - (end != NULL));
			buf_puts(to, end ? "\"\n" : "\"");
		} else {
			buf_add(to, text, (size_t)(next - text));
		}
		text = next;
	}
}

/* The file's own default_runtime_name becomes ours, and remembers what it was. */
static bool replace_default(const char *text, struct buf *to)
{
	const char *line = find_line(text, "default_runtime_name"), *quote, *end;

	quote = line ? strchr(line, '"') : NULL;
	end = quote ? strchr(quote + 1, '"') : NULL;
	if (!end || memchr(line, '\n', (size_t)(end - line)))
		return false;
	buf_add(to, text, (size_t)(quote + 1 - text));
	buf_puts(to, NAME "\"" WAS);
	buf_add(to, quote + 1, (size_t)(end - quote - 1));
	buf_puts(to, end + 1);
	return true;
}

static int edit_containerd(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	auto_buf before = { 0 };
	char table[160];
	bool named = false;

	(void)len;
	strip(text ? text : "", &before);
	if (before.failed)
		return fail(e, ENOMEM, "out of memory");
	if (w->remove) {
		if (before.text && strcmp(before.text, "version = 2\n") != 0)
			buf_add(to, before.text, before.len);
		return done(to, e);
	}
	if (!before.len)
		buf_puts(&before, "version = 2\n");
	if (before.failed)
		return fail(e, ENOMEM, "out of memory");
	snprintf(table, sizeof(table), "[plugins.%s.containerd.runtimes." NAME "]", cri_of(before.text));
	if (find_line(before.text, table))
		return fail(e, EEXIST, "it has a table %s that \"thymus setup\" did not write: remove it first", table);
	snprintf(table, sizeof(table), "[plugins.%s.containerd]", cri_of(before.text));
	if (w->by_default)
		named = replace_default(before.text, to);
	if (w->by_default && !named && find_line(before.text, table))
		return fail(e, ENOENT, "it has a table %s without default_runtime_name: add the line default_runtime_name = \"runc\" "
			    "there, and it can be changed", table);
	if (!named)
		buf_add(to, before.text, before.len);
	if (to->len && to->text[to->len - 1] != '\n')
		buf_puts(to, "\n");
	buf_puts(to, BEGIN);
	if (w->by_default && !named)
		buf_printf(to, "%s\n  default_runtime_name = \"" NAME "\"\n", table);
	buf_printf(to, "[plugins.%s.containerd.runtimes." NAME "]\n  runtime_type = \"io.containerd.runc.v2\"\n"
		   "  [plugins.%s.containerd.runtimes." NAME ".options]\n    BinaryName = \"%s\"\n",
		   cri_of(before.text), cri_of(before.text), w->program);
	if (find_line(before.text, "SystemdCgroup = true"))
		buf_puts(to, "    SystemdCgroup = true\n"); /* as runc's, or the kubelet disagrees */
	buf_puts(to, END);
	return done(to, e);
}

/* ---- drop-ins ---- */

static int edit_crio(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	(void)text, (void)len;
	if (w->remove)
		return 0;
	buf_puts(to, ENGINE_SETUP_OWN " crio\".\n");
	if (w->by_default)
		buf_puts(to, "[crio.runtime]\ndefault_runtime = \"" NAME "\"\n\n");
	buf_printf(to, "[crio.runtime.runtimes." NAME "]\nruntime_path = \"%s\"\nruntime_type = \"oci\"\nruntime_root = \"/run/runc\"\n",
		   w->program);
	return done(to, e);
}

static int edit_podman(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	(void)text, (void)len;
	if (w->remove)
		return 0;
	buf_puts(to, ENGINE_SETUP_OWN " podman\".\n");
	buf_puts(to, "[engine]\n");
	if (w->by_default)
		buf_puts(to, "runtime = \"" NAME "\"\n");
	/* or podman reads the runtime's words in another format; the list replaces podman's own, so that one is here, too */
	buf_puts(to, "runtime_supports_json = [\"crun\", \"runc\", \"kata\", \"runsc\", \"youki\", \"krun\", \"" NAME "\"]\n\n");
	buf_printf(to, "[engine.runtimes]\n" NAME " = [\"%s\"]\n", w->program);
	return done(to, e);
}

static const struct engine_setup engines[] = {
	{ "docker", "/etc/docker/daemon.json", "systemctl reload docker", "docker run --rm --runtime=thymus IMAGE true",
	  edit_docker },
	{ "containerd", "/etc/containerd/config.toml", "systemctl restart containerd",
	  "a RuntimeClass whose handler is \"thymus\"", edit_containerd },
	{ "crio", "/etc/crio/crio.conf.d/60-thymus.conf", "systemctl restart crio",
	  "a RuntimeClass whose handler is \"thymus\"", edit_crio },
	{ "podman", "/etc/containers/containers.conf.d/60-thymus.conf", "no restart is needed", "podman --runtime thymus run --rm IMAGE true",
	  edit_podman },
};

const struct engine_setup *engine_setup_find(const char *name)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (strcmp(engines[i].name, name) == 0)
			return &engines[i];
	return NULL;
}

/* ---- what changes ---- */

static void lines(const char *from, const char *to, char sign, struct buf *out)
{
	while (from < to) {
		const char *end = memchr(from, '\n', (size_t)(to - from));
		size_t len = end ? (size_t)(end - from) : (size_t)(to - from);

		buf_printf(out, "%c%.*s\n", sign, (int)len, from);
		from += len + 1;
	}
}

void engine_setup_diff(const char *before, const char *after, struct buf *to)
{
	const char *a = before, *b = after, *a_end = before + strlen(before), *b_end = after + strlen(after);

	/* whole lines that both begin with, then those that both end with */
	for (size_t i = 0; before[i] && before[i] == after[i]; i++)
		if (before[i] == '\n')
			a = before + i + 1, b = after + i + 1;
	while (a_end > a && b_end > b) {
		const char *x = a_end - 1, *y = b_end - 1;

		while (x > a && x[-1] != '\n')
			x--;
		while (y > b && y[-1] != '\n')
			y--;
		if (a_end - x != b_end - y || memcmp(x, y, (size_t)(a_end - x)) != 0)
			break;
		a_end = x, b_end = y;
	}
	lines(a, a_end, '-', to);
	lines(b, b_end, '+', to);
}
