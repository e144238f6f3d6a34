/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_runtime.c - in front of the runtime: create, run and restore get our hooks; exec and resume
 * of a container that thymus froze are refused; all else passes untouched.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundle.h"
#include "cmd.h"
#include "delegate.h"
#include "hook_path.h"
#include "journal.h"
#include "process.h"
#include "override.h"
#include "rootless.h"
#include "state.h"

#define HOOK_SECONDS 5 /* beyond what the hook waits for the monitor: then the runtime kills it */

/* A hook's current folder is not ours. */
static int absolute(const char *file, char ret[PATH_MAX], struct err *e)
{
	if (!realpath(file, ret))
		return fail(e, errno, "find %s: %m", file);
	return 0;
}

static int add_hooks(struct spec *s, const struct cmdline *c, const struct policy *p, struct err *e)
{
	static const char *const stages[] = { "createRuntime", "poststop" };
	char path[PATH_MAX], file[PATH_MAX], bundle[PATH_MAX];
	int rc = p->file ? absolute(p->file, file, e) : 0;

	if (rc == 0)
		rc = absolute(c->bundle ? c->bundle : ".", bundle, e);

	hook_path(path);
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && rc == 0; i++) {
		const struct { const char *flag, *value; } flags[] = {
			{ "--policy", p->file ? file : NULL },
			{ "--root", c->root },
			{ "--bundle", bundle },
			{ "--mode", c->mode },
		};
		const char *args[11] = { HOOK_NAME, stages[i] };
		struct spec_hook hook = { path, args, NULL, (int)p->attach_timeout + HOOK_SECONDS };

		for (size_t f = 0, n = 2; f < sizeof(flags) / sizeof(flags[0]); f++) {
			if (!flags[f].value)
				continue;
			args[n++] = flags[f].flag;
			args[n++] = flags[f].value;
		}
		rc = spec_add_hook(s, stages[i], &hook, e);
	}
	return rc;
}

/* May anything but "off" come to count for this container?  The hook will decide; without a hook
 * nobody would. */
static bool may_be_watched(const struct spec *s, const struct cmdline *c, const struct policy *p,
			   enum mode mode)
{
	if (mode != MODE_OFF || c->mode)
		return mode != MODE_OFF;
	return override_exists(p) || (s->mode && policy_admits_mode(p, s->mode));
}

static void record(const struct policy *p, const char *id, const char *words)
{
	auto_of(json) struct json *line = json_new(JSON_OBJECT);
	struct err ignored;

	if (json_set(line, "type", json_str("error")) &&
	    json_set(line, "when", json_num(time(NULL))) &&
	    json_set(line, "container", json_str(id)) &&
	    json_set(line, "message", json_str(words)))
		(void)!journal_append(p, line, &ignored);
}

/* 1: refused, whatever the policy's mode.  No hook is added: it could do nothing. */
static int without_root(const struct spec *s, const struct cmdline *c, const struct policy *p, enum mode mode, struct err *e)
{
	struct err ignored;

	if (!c->mode && s->mode && policy_admits_mode(p, s->mode))
		(void)!policy_mode(s->mode, &mode, &ignored);
	if (!c->mode && override_asks(p, MODE_ENFORCE)) /* for a name that we may bear */
		mode = MODE_ENFORCE;
	if (rootless_admit(mode, e) < 0)
		return 1;
	if (mode != MODE_OFF)
		record(p, c->id, e->text);
	return 0;
}

/* 1: refused whatever the mode: two readers could read the document differently, or nobody could enforce. */
static int prepare(const struct cmdline *c, const struct policy *p, enum mode mode, struct err *e)
{
	auto_bundle b = { .fd = -1 };
	struct spec s = { 0 };
	int rc;

	if (c->config && strcmp(c->config, "config.json") != 0) /* crun's flag, and its default */
		return fail(e, ENOTSUP, "--config %s: thymus watches bundles with a config.json",
			    c->config);
	rc = bundle_open(c->bundle, &b, e);
	if (rc < 0)
		return rc;
	rc = spec_parse(b.text, b.len, &s, e);
	if (rc < 0)
		return fail_in(e, rc == -ENOMEM ? rc : 1, b.file);
	if (rootless()) {
		rc = without_root(&s, c, p, mode, e);
	} else if (may_be_watched(&s, c, p, mode)) {
		rc = add_hooks(&s, c, p, e);
		if (rc == 0)
			rc = bundle_write(&b, &s, e);
	}
	spec_done(&s);
	return rc;
}

static int create(const struct cmdline *c, const struct policy *p, struct err *e)
{
	enum mode mode = p->mode;
	int rc;

	if (c->help || !c->id)
		return 0; /* the runtime says it better than we could */
	rc = c->mode ? policy_mode(c->mode, &mode, e) : 0;
	if (rc < 0)
		return fail_in(e, rc, "--thymus-mode");
	rc = prepare(c, p, mode, e);
	if (rc > 0)
		return -EINVAL;
	/* whose name is not known may be one that a person said `enforce` for */
	if (rc == 0 || mode == MODE_ENFORCE || (!c->mode && override_asks(p, MODE_ENFORCE)))
		return rc;
	/* What nobody enforces starts as it would without us. */
	record(p, c->id, e->text);
	return 0;
}

static int refuse_frozen(const struct cmdline *c, const struct policy *p, struct err *e)
{
	auto_state s = { 0 };
	struct err ignored;
	char folder[4096];

	if (!c->id || c->help)
		return 0;
	state_folder(p, c->root ? c->root : "", c->id, folder);
	if (state_load(folder, &s, &ignored) < 0 || strcmp(s.action, "freeze") != 0)
		return 0;
	/* Docker and podman end a paused one by kill and resume.  Pause is refused, too: podman resumes first where it can. */
	if (strcmp(c->verb, "resume") == 0 && s.pid && process_is_killed((pid_t)s.pid))
		return 0;
	return fail(e, EBUSY, "frozen by incident %.80s; thymus release %.64s", s.incident, c->id);
}

static bool is_one_of(const char *verb, const char *const *verbs)
{
	while (*verbs && strcmp(*verbs, verb) != 0)
		verbs++;
	return *verbs;
}

int cmd_runtime(char **argv, const struct cmdline *c, const struct policy *p, struct err *e)
{
	static const char *const creating[] = { "create", "run", "restore", NULL };
	static const char *const entering[] = { "exec", "pause", "resume", NULL };
	int rc = 0;

	if (is_one_of(c->verb, creating))
		rc = create(c, p, e);
	else if (is_one_of(c->verb, entering))
		rc = refuse_frozen(c, p, e);
	return rc < 0 ? rc : delegate_exec(c->delegate ? c->delegate : p->delegate, argv, e);
}
