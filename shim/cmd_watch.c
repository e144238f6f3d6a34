/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_watch.c - attach to a container that runs already.  The hook does it, as it would have at the container's start; we
 * only find the container and say what came of it.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "folder.h"
#include "hook_path.h"
#include "host_containers.h"
#include "options.h"
#include "out.h"
#include "process.h"
#include "state.h"
#include "table.h"

struct request {
	const char *root, *mode, *pid, *id;
};

/* By a process alone: its container, where a runtime knows it, else itself without a bundle. */
static bool take_pid(void *ctx, const struct host_container *c)
{
	struct host_container *found = ctx;

	if (c->pid != found->pid)
		return true;
	*found = *c;
	return false;
}

static int find_by_pid(const struct policy *p, const char *word, struct host_container *ret, struct err *e)
{
	char *end;
	long pid = strtol(word, &end, 10);

	if (*end || pid <= 1 || pid > INT_MAX || !process_lives((pid_t)pid))
		return fail(e, ESRCH, "\"%s\" is no process that a container could have", word);
	*ret = (struct host_container){ .pid = (pid_t)pid };
	host_containers(p, take_pid, ret);
	if (ret->id[0])
		return host_container_find(p, ret->root, ret->id, ret, e);
	snprintf(ret->id, sizeof(ret->id), "pid-%ld", pid);
	snprintf(ret->bundle, sizeof(ret->bundle), "/");
	return 0;
}

static int find(const struct policy *p, const struct request *r, struct host_container *ret, struct err *e)
{
	return r->pid ? find_by_pid(p, r->pid, ret, e) : host_container_find(p, r->root, r->id, ret, e);
}

/* The state of who watches this process, under whatever root and ID. */
static bool is_watched(const struct policy *p, pid_t pid, struct state *ret)
{
	auto_of(list) char **folders = NULL;
	struct err ignored;

	if (state_list(p, &folders, &ignored) < 0)
		return false;
	for (size_t i = 0; folders[i]; i++) {
		if (state_load(folders[i], ret, &ignored) < 0)
			continue;
		if (ret->pid == (unsigned)pid && process_is_same((pid_t)ret->keeper, ret->keeper_start))
			return true;
		state_done(ret);
	}
	return false;
}

static char *oci_state(const struct host_container *c, struct buf *to)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);

	if (!json_set(doc, "ociVersion", json_str("1.0.2")) || !json_set(doc, "id", json_str(c->id)) ||
	    !json_set(doc, "status", json_str("running")) || !json_set(doc, "pid", json_num(c->pid)) ||
	    !json_set(doc, "bundle", json_str(c->bundle)))
		return NULL;
	json_emit(doc, 0, to);
	return to->failed ? NULL : to->text;
}

static _Noreturn void become_hook(const char *const *args, int in, int err)
{
	char path[PATH_MAX];

	hook_path(path);
	dup2(in, 0);
	dup2(err, 2);
	execv(path, (char *const *)(size_t)args);
	dprintf(2, "thymus-hook: run %s: %m\n", path);
	_exit(127);
}

/* Run the hook with `text` on its standard input; what it complains about becomes our sentence. */
static int run_hook(const char *const *args, const char *text, struct err *e)
{
	char words[1024] = "";
	int in[2], err[2], status = -1;
	ssize_t n;
	size_t len = 0;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		return fail(e, errno, "pipe to the hook: %m");
	pid = fork();
	if (pid < 0)
		return fail(e, errno, "start the hook: %m");
	if (pid == 0)
		become_hook(args, in[0], err[1]);
	close(in[0]);
	close(err[1]);
	signal(SIGPIPE, SIG_IGN);
	n = write(in[1], text, strlen(text)); /* less than a pipe holds */
	close(in[1]);
	while (n >= 0 && len < sizeof(words) - 1 && (n = read(err[0], words + len, sizeof(words) - 1 - len)) > 0)
		len += (size_t)n;
	close(err[0]);
	waitpid(pid, &status, 0);
	words[strcspn(words, "\n")] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return fail(e, EIO, "%s", strncmp(words, "thymus-hook: ", 13) == 0 ? words + 13 : *words ? words : "the hook failed");
}

static int attach(const struct policy *p, const struct request *r, const struct host_container *c, struct err *e)
{
	char file[PATH_MAX];
	auto_buf text = { 0 };
	const char *args[9] = { HOOK_NAME, "watch" };
	size_t n = 2;

	if (!oci_state(c, &text))
		return fail(e, ENOMEM, "out of memory");
	if (p->file) {
		if (!realpath(p->file, file))
			return fail(e, errno, "find %s: %m", p->file);
		args[n++] = "--policy";
		args[n++] = file;
	}
	if (c->root[0]) {
		args[n++] = "--root";
		args[n++] = c->root;
	}
	if (r->mode) {
		args[n++] = "--mode";
		args[n++] = r->mode;
	}
	return run_hook(args, text.text, e);
}

static int tell(const struct state *s, bool before, bool json, struct err *e)
{
	auto_of(json) struct json *doc = state_json(s);
	auto_buf text = { 0 };

	if (!json_set(doc, "already", json_flag(before)))
		return fail(e, ENOMEM, "out of memory");
	text_clean(&text, s->id);
	buf_puts(&text, before ? " is watched already: " : " is watched from now on: ");
	text_clean(&text, s->name);
	buf_printf(&text, ", mode %s; ", s->mode);
	text_clean(&text, s->words);
	buf_puts(&text, "\n");
	return json ? out_json(doc, e) : out_text(&text, e);
}

int cmd_watch(int argc, char **argv, const struct policy *p, struct err *e)
{
	bool json = false, before;
	struct request r = { 0 };
	const struct option_row rows[] = {
		{ "--json", &json, NULL }, { "--root", NULL, &r.root }, { "--mode", NULL, &r.mode }, { "--pid", NULL, &r.pid }, { 0 }
	};
	static struct host_container c;
	auto_state s = { 0 };
	int rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != (r.pid ? 1 : 2))
		rc = fail(e, EINVAL, "usage: thymus watch [--json] [--root DIR] [--mode MODE] CONTAINER | --pid PID");
	if (rc == 0 && geteuid() != 0)
		rc = fail(e, EPERM, "watch must be root: sudo thymus watch");
	r.id = argc > 1 ? argv[1] : NULL;
	if (rc == 0)
		rc = find(p, &r, &c, e);
	if (rc < 0)
		return rc;
	before = is_watched(p, c.pid, &s);
	rc = before ? 0 : attach(p, &r, &c, e);
	if (rc < 0)
		return rc;
	if (!before && !is_watched(p, c.pid, &s))
		return fail(e, ESRCH, "container %.64s ended meanwhile", c.id);
	return tell(&s, before, json, e);
}
