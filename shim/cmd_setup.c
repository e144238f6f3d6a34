/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_setup.c - make the runtime "thymus" known to an engine, or unknown again. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "engine_setup.h"
#include "hook_path.h"
#include "options.h"
#include "out.h"
#include "setup.h"

static int own_path(char ret[PATH_MAX], struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - 1);

	if (n < 0)
		return fail(e, errno, "find our own path: %m");
	ret[n] = '\0';
	return 0;
}

static int check(const struct setup_wish *w, struct err *e)
{
	if (w->wish.hooks && w->engine->no_hooks)
		return fail(e, ENOTSUP, "%s", w->engine->no_hooks);
	if (w->wish.hooks && w->wish.by_default)
		return fail(e, EINVAL, "--hooks is for every container of the engine already: leave --default out");
	if (w->wish.hooks && w->file)
		return fail(e, EINVAL, "--hooks writes several files: --etc DIR names their folder");
	return 0;
}

int cmd_setup(int argc, char **argv, const struct policy *p, struct err *e)
{
	struct setup_wish w = { .policy = p, .etc = "/etc" };
	bool json = false;
	const struct option_row rows[] = {
		{ "--json", &json, NULL }, { "--default", &w.wish.by_default, NULL }, { "--hooks", &w.wish.hooks, NULL },
		{ "--dry-run", &w.dry, NULL }, { "--print", &w.print, NULL }, { "--no-verify", &w.trust, NULL },
		{ "--remove", &w.wish.remove, NULL }, { "--file", NULL, &w.file }, { "--etc", NULL, &w.etc }, { 0 }
	};
	char program[PATH_MAX], hook[PATH_MAX], policy[PATH_MAX];
	auto_buf words = { 0 };
	int shown, rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != 2)
		rc = fail(e, EINVAL, "usage: thymus setup [--default] [--hooks] [--dry-run|--print] [--no-verify] [--remove] [--file FILE] "
			  "[--etc DIR] ENGINE, which is one of: %s", engine_setup_names);
	if (rc == 0)
		rc = own_path(program, e);
	if (rc < 0)
		return rc;
	w.engine = engine_setup_find(argv[1]);
	if (!w.engine)
		return fail(e, EINVAL, "there is no engine %.60s; there is: %s", argv[1], engine_setup_names);
	hook_path(hook);
	w.wish.program = program;
	w.wish.hook = hook;
	/* the engine's current folder is another */
	if (p->file && strcmp(p->file, POLICY_FILE) != 0)
		w.wish.policy = realpath(p->file, policy) ? policy : p->file;
	rc = check(&w, e);
	if (rc == 0)
		rc = setup_engine(&w, &words, e);
	if (rc < 0)
		return rc;
	shown = out_words(&words, json, e);
	return shown < 0 ? shown : rc;
}
