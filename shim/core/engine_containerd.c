/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_containerd.c - config.toml of containerd, versions 1 to 3, and a drop-in that it imports.
 *
 * Ours is a block between two marks, or the drop-in; beside it at most the one line default_runtime_name, which remembers
 * what it was.
 */
#include <stdio.h>
#include <string.h>

#include "engine_setup.h"
#include "place.h"
#include "toml.h"

#define NAME  "thymus"
#define BEGIN "# thymus setup: begin\n"
#define END   "# thymus setup: end\n"
#define WAS   " # thymus setup: was "
#define ADDED "\"" NAME "\" # thymus setup: added"
#define EMPTY "version = 2\n"

/* ---- what others have put into our tables, and what is ours ---- */

struct extras {
	struct buf table, options, deeper; /* lines of others in them */
	struct buf top, defaults;          /* of a drop-in: before any heading; below [plugins.CRI.containerd] */
	bool systemd;                      /* of a drop-in: SystemdCgroup is a person's line */
};

static void extras_done(struct extras *x)
{
	buf_done(&x->table);
	buf_done(&x->options);
	buf_done(&x->deeper);
	buf_done(&x->top);
	buf_done(&x->defaults);
}

/* Outside of quotes. */
static bool has(const char *from, const char *to, const char *words)
{
	size_t len = strlen(words);
	char quote = '\0';

	for (; from + len <= to; from++) {
		if (!quote && strncmp(from, words, len) == 0)
			return true;
		if (*from == quote)
			quote = '\0';
		else if (!quote && (*from == '"' || *from == '\''))
			quote = *from;
	}
	return false;
}

/* Is it KEY = ... of one of these keys, a comment of ours, or nothing? */
static bool is_own_line(const char *line)
{
	static const char *const keys[] = { "version", "default_runtime_name", "runtime_type", "BinaryName", "SystemdCgroup",
					    "pod_annotations = [\"io.thymus.*\"]\n" };
	const char *word = line + strspn(line, " \t\r");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strncmp(word, keys[i], strlen(keys[i])) == 0)
			return true;
	return *word == '\n' || *word == '\0' || strncmp(word, ENGINE_SETUP_OWN, strlen(ENGINE_SETUP_OWN)) == 0;
}

static void add_line(struct buf *to, const char *from, const char *end)
{
	buf_add(to, from, (size_t)(end - from));
	if (end > from && end[-1] != '\n')
		buf_puts(to, "\n");
}

/* Part a block of ours, or (`whole`) a drop-in: to `keep` goes what stays if thymus goes. */
static void part(const char *at, const char *to, bool whole, struct buf *keep, struct extras *x)
{
	const char *above = NULL; /* a heading of ours that others may have used */
	struct buf *now = NULL;   /* NULL: below what we write, but not in a table of thymus */

	for (const char *next; at < to; at = next) {
		const char *word = at + strspn(at, " \t");

		next = at + toml_line(at, (size_t)(to - at), 0);
		if (*word == '[') {
			const char *end = memchr(word, ']', (size_t)(next - word));

			end = end ? end + 1 : next;
			bool own = has(word, end, ".runtimes." NAME "]"), options = has(word, end, ".runtimes." NAME ".options]");
			above = has(word, end, ".containerd]") ? at : NULL;
			now = own ? &x->table : options ? &x->options : has(word, end, ".runtimes." NAME ".") ? &x->deeper :
			      above ? NULL : keep;
			if (own || options || above)
				continue;
			add_line(now, at, next);
		} else if (now == keep || now == &x->deeper || !is_own_line(at) ||
			   (x->systemd && strncmp(word, "SystemdCgroup", strlen("SystemdCgroup")) == 0)) {
			if (!now && above && !whole) {
				add_line(keep, above, line_end(above));
				now = keep;
			}
			add_line(now ? now : !whole ? keep : above ? &x->defaults : &x->top, at, next);
		}
	}
}

/* KEY = "VALUE" and then our mark: where VALUE's quote is, and where the mark is; NULL: no such line. */
static const char *marked(const char *line, const char *next, const char **mark)
{
	const char *equals = memchr(line, '=', (size_t)(next - line)), *value, *end;

	if (!equals || !has(line, equals, "default_runtime_name"))
		return NULL;
	value = equals + 1 + strspn(equals + 1, " \t");
	end = *value == '"' || *value == '\'' ? memchr(value + 1, *value, (size_t)(next - value - 1)) : NULL;
	if (!end || strncmp(end + 1, WAS, strlen(WAS)) != 0)
		return NULL;
	*mark = end + 1;
	return value;
}

/* Our change of the line default_runtime_name is undone, unless somebody has changed it since. */
static void restore(const char *line, const char *next, struct buf *to)
{
	static const char again[] = "\"" NAME "\"" WAS;
	const char *mark = NULL, *value = marked(line, next, &mark);

	if (strncmp(line + strspn(line, " \t"), "default_runtime_name = " ADDED, strlen("default_runtime_name = " ADDED)) == 0)
		return;
	if (!value) {
		buf_add(to, line, (size_t)(next - line));
	} else if (strncmp(value, "\"" NAME "\"", strlen(NAME) + 2) == 0) {
		for (mark += strlen(WAS); strncmp(mark, again, strlen(again)) == 0;)
			mark += strlen(again);
		buf_add(to, line, (size_t)(value - line));
		buf_add(to, mark, (size_t)(next - mark));
	} else {
		buf_add(to, line, (size_t)(mark - line));
		buf_puts(to, "\n");
	}
}

/* Each beginning has its end before the next. */
static int check_marks(const char *text, struct err *e)
{
	for (const char *at = strstr(text, BEGIN), *end; at; at = strstr(end, BEGIN)) {
		const char *next = strstr(at + 1, BEGIN);

		end = strstr(at, END);
		if (!end || (next && next < end))
			return fail(e, EINVAL, "line %zu:1: \"%.*s\" without its end: remove what \"thymus setup\" wrote there", place_of(text,
				    (size_t)(at - text)).line, (int)strlen(BEGIN) - 1, BEGIN);
	}
	return 0;
}

/* The file without us. */
static void strip(const char *text, struct buf *to, struct extras *x)
{
	while (*text) {
		const char *next = text + toml_line(text, strlen(text), 0), *end;

		end = strncmp(text, BEGIN, strlen(BEGIN)) == 0 ? strstr(text, END) : NULL;
		if (end) {
			part(next, end, false, to, x);
			next = end + strlen(END);
		} else {
			restore(text, next, to);
		}
		text = next;
	}
}

/* ---- what the file says ---- */

struct survey {
	const char *text;
	char cri[64];      /* name of the CRI plugin in this version of the file */
	unsigned version;
	struct buf imports; /* the first pattern of drop-ins */
	bool table, named, ours, systemd, closed;
	size_t table_end;  /* behind the heading [plugins.CRI.containerd] */
	size_t value, end; /* of default_runtime_name */
	size_t ours_at, closed_at;
};

static void first_pattern(void *ctx, const char *word, size_t len)
{
	struct buf *to = ctx;

	if (!to->len && len > 7 && memcmp(word + len - 7, "/*.toml", 7) == 0)
		buf_add(to, word, len);
}

static bool take_top(void *ctx, const struct toml_item *i)
{
	struct survey *s = ctx;

	if (!i->heading && strcmp(i->path, "version") == 0)
		s->version = s->text[i->value] >= '1' && s->text[i->value] <= '9' ? (unsigned)(s->text[i->value] - '0') : 1;
	if (!i->heading && strcmp(i->path, "imports") == 0)
		toml_strings(s->text, i, first_pattern, &s->imports);
	return true;
}

static bool take_tables(void *ctx, const struct toml_item *i)
{
	struct survey *s = ctx;
	char containerd[160], runtimes[200], path[260];
	size_t len = strlen(i->path);

	snprintf(containerd, sizeof(containerd), "plugins" TOML_DOT "%s" TOML_DOT "containerd", s->cri);
	snprintf(runtimes, sizeof(runtimes), "%s" TOML_DOT "runtimes" TOML_DOT, containerd);
	snprintf(path, sizeof(path), "%s" NAME, runtimes);
	if (i->heading && strcmp(i->path, containerd) == 0) {
		s->table = true;
		s->table_end = i->to;
	}
	if (strncmp(i->path, path, strlen(path)) == 0 && (i->path[strlen(path)] == '\0' || i->path[strlen(path)] == *TOML_DOT) && !s->ours) {
		s->ours = true;
		s->ours_at = i->from;
	}
	if (!i->heading && strncmp(path, i->path, len) == 0 && path[len] == *TOML_DOT) {
		s->closed = true; /* an inline table takes nothing from outside */
		s->closed_at = i->from;
	}
	snprintf(path, sizeof(path), "%s" TOML_DOT "default_runtime_name", containerd);
	if (!i->heading && strcmp(i->path, path) == 0) {
		s->named = true;
		s->value = i->value;
		s->end = i->end;
	}
	snprintf(path, sizeof(path), "%srunc" TOML_DOT "options" TOML_DOT "SystemdCgroup", runtimes);
	if (!i->heading && strcmp(i->path, path) == 0)
		s->systemd = strncmp(s->text + i->value, "true", 4) == 0;
	return true;
}

static int survey(const char *text, size_t len, struct survey *ret, struct err *e)
{
	static const char *const names[] = { "", "cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime" };
	int rc;

	ret->text = text;
	ret->version = 1;
	rc = toml_scan(text, len, take_top, ret, e);
	if (rc < 0)
		return rc;
	if (ret->version > 3)
		return fail(e, ENOTSUP, "version %u of this file is not known: thymus setup writes 1 to 3", ret->version);
	snprintf(ret->cri, sizeof(ret->cri), "%s", names[ret->version]);
	return toml_scan(text, len, take_tables, ret, e);
}

bool engine_containerd_imports(const char *text, size_t len, struct buf *pattern, bool *systemd)
{
	struct survey s = { 0 };
	struct err ignored;

	if (survey(text, len, &s, &ignored) == 0 && s.version >= 3 && s.imports.len)
		buf_puts(pattern, s.imports.text);
	*systemd = s.systemd;
	buf_done(&s.imports);
	return pattern->len && !pattern->failed;
}

/* ---- what it shall say ---- */

/* The plugin's name as a heading has it. */
static const char *quoted(const struct survey *s, char ret[80])
{
	snprintf(ret, 80, s->version == 1 ? "%s" : "\"%s\"", s->cri);
	return ret;
}

static void add_tables(const struct survey *s, const struct engine_wish *w, bool first, const struct extras *x, struct buf *to)
{
	char cri[80];

	quoted(s, cri);
	if (first || x->defaults.len)
		buf_printf(to, "[plugins.%s.containerd]\n%s", cri, first ? "  default_runtime_name = \"" NAME "\"\n" : "");
	buf_add(to, x->defaults.text ? x->defaults.text : "", x->defaults.len);
	if (w->remove)
		return;
	buf_printf(to, "[plugins.%s.containerd.runtimes." NAME "]\n  runtime_type = \"io.containerd.runc.v2\"\n", cri);
	if (!x->table.text || !strstr(x->table.text, "pod_annotations"))
		buf_puts(to, "  pod_annotations = [\"io.thymus.*\"]\n");
	buf_add(to, x->table.text ? x->table.text : "", x->table.len);
	buf_printf(to, "  [plugins.%s.containerd.runtimes." NAME ".options]\n    BinaryName = \"%s\"\n", cri, w->program);
	if (s->systemd)
		buf_puts(to, "    SystemdCgroup = true\n"); /* as runc's, or the kubelet disagrees */
	buf_add(to, x->options.text ? x->options.text : "", x->options.len);
	buf_add(to, x->deeper.text ? x->deeper.text : "", x->deeper.len);
}

/* `before`: the file without us.  Our default, in the line that there is or in a line of its own. */
static bool add_default(const struct survey *s, const struct buf *before, struct buf *to)
{
	if (s->named) {
		buf_add(to, before->text, s->value);
		buf_puts(to, "\"" NAME "\"" WAS);
		buf_add(to, before->text + s->value, before->len - s->value);
		return true;
	}
	if (!s->table)
		return false;
	size_t rest = (size_t)(line_end(before->text + s->table_end) - before->text);

	buf_add(to, before->text, rest);
	if (to->text && to->text[to->len - 1] != '\n')
		buf_puts(to, "\n");
	buf_puts(to, "  default_runtime_name = " ADDED "\n");
	buf_add(to, before->text + rest, before->len - rest);
	return true;
}

static int refuse(const struct survey *s, struct err *e)
{
	struct place p = place_of(s->text, s->ours ? s->ours_at : s->closed_at);

	return s->ours ? fail(e, EEXIST, "line %zu:%zu: it has a table for \"" NAME "\" that \"thymus setup\" did not write: remove it first",
			      p.line, p.column) :
			 fail(e, EINVAL, "line %zu:%zu: an inline table, which nothing can be added to: write it with a heading of its own",
			      p.line, p.column);
}

static int compose(const struct buf *before, const struct survey *s, const struct engine_wish *w, const struct extras *x,
		   struct buf *to, struct err *e)
{
	bool there;

	if (s->ours || s->closed)
		return refuse(s, e);
	if (w->imported && x->table.len + x->options.len + x->deeper.len)
		return fail(e, EEXIST, "others have added lines to the table of \"" NAME "\", which is to lie in a drop-in now: remove them first");
	there = w->by_default && !w->imported && add_default(s, before, to);
	if (!there)
		buf_add(to, before->text, before->len);
	if (w->imported)
		return 0;
	if (to->len && to->text[to->len - 1] != '\n')
		buf_puts(to, "\n");
	buf_puts(to, BEGIN);
	add_tables(s, w, w->by_default && !there, x, to);
	buf_puts(to, END);
	return 0;
}

static int done(const struct buf *to, struct err *e)
{
	return to->failed ? fail(e, ENOMEM, "out of memory") : 0;
}

/* Who does not say --default leaves the default as it is. */
static bool by_default(const char *text, const struct engine_wish *w)
{
	static const char key[] = "default_runtime_name = \"" NAME "\"";

	for (const char *line = text; !w->by_default && !w->remove && line && *line; line = line_end(line))
		if (strncmp(line + strspn(line, " \t"), key, strlen(key)) == 0)
			return true;
	return w->by_default;
}

int engine_containerd_edit(const char *text, size_t len, const struct engine_wish *wish, struct buf *to, struct err *e)
{
	struct engine_wish now = *wish, *w = &now;
	auto_buf before = { 0 };
	struct extras x = { 0 };
	struct survey s = { 0 };
	int rc;

	if (text && strlen(text) != len)
		return fail(e, EINVAL, "it has a NUL byte");
	now.by_default = by_default(text, wish);
	rc = check_marks(text ? text : "", e);
	if (rc == 0)
		rc = survey(text ? text : "", len, &s, e); /* its own lines are what a person can look for */
	if (rc < 0) {
		buf_done(&s.imports);
		return rc;
	}
	buf_done(&s.imports);
	s = (struct survey){ .text = NULL };
	buf_puts(&before, "");
	strip(text ? text : "", &before, &x);
	if (!before.len && !w->remove)
		buf_puts(&before, EMPTY);
	rc = done(&before, e);
	if (rc == 0)
		rc = survey(before.text, before.len, &s, e);
	if (rc == 0 && w->remove) {
		if (strcmp(before.text, EMPTY) != 0)
			buf_add(to, before.text, before.len);
	} else if (rc == 0) {
		rc = compose(&before, &s, w, &x, to, e);
	}
	buf_done(&s.imports);
	extras_done(&x);
	return rc < 0 ? rc : done(to, e);
}

/* The drop-in of a file of version 3. */
int engine_containerd_drop_in(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e)
{
	struct survey s = { .version = 3, .cri = "io.containerd.cri.v1.runtime", .systemd = w->systemd };
	static const struct engine_wish gone = { .remove = true };
	auto_buf keep = { 0 };
	bool stays = !w->remove && w->imported;
	struct extras x = { .systemd = !w->systemd };
	int rc = toml_check(text, len, e);

	if (rc < 0)
		return rc;
	if (text)
		part(text, text + len, true, &keep, &x);
	if (stays)
		buf_puts(to, ENGINE_SETUP_OWN " containerd\".\n");
	if (stays || x.top.len || x.defaults.len || keep.len)
		buf_puts(to, "version = 3\n");
	buf_add(to, x.top.text ? x.top.text : "", x.top.len);
	add_tables(&s, stays ? w : &gone, stays && by_default(text, w), &x, to);
	buf_add(to, keep.text ? keep.text : "", keep.len);
	extras_done(&x);
	return done(to, e);
}
