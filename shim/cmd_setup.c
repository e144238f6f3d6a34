/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_setup.c - make the runtime "thymus" known to an engine, or unknown again. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "engine_setup.h"
#include "file.h"
#include "options.h"
#include "out.h"

#define CONFIG_BYTES (4u << 20)

static int own_path(char ret[PATH_MAX], struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - 1);

	if (n < 0)
		return fail(e, errno, "find our own path: %m");
	ret[n] = '\0';
	return 0;
}

/* Folders for a file that others read. */
static int make_folders(const char *file, struct err *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", file);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return fail(e, errno, "make the folder %s: %m", path);
		*slash = '/';
	}
	return 0;
}

/* The first one is kept: it is what was there before us. */
static int keep_first(const char *file, const char *text, size_t len, mode_t mode, struct err *e)
{
	char backup[PATH_MAX];

	snprintf(backup, sizeof(backup), "%s.before-thymus", file);
	if (strncmp(text, ENGINE_SETUP_OWN, strlen(ENGINE_SETUP_OWN)) == 0)
		return 0;
	return access(backup, F_OK) == 0 ? 0 : file_replace(AT_FDCWD, backup, text, len, mode, backup, e);
}

static int write_file(const char *file, const char *before, size_t len, const struct buf *after, struct err *e)
{
	struct stat st;
	mode_t mode = before && stat(file, &st) == 0 ? st.st_mode & 07777 : 0644;
	int rc = make_folders(file, e);

	if (rc == 0 && before)
		rc = keep_first(file, before, len, mode, e);
	if (rc < 0)
		return rc;
	if (after->len)
		return file_replace(AT_FDCWD, file, after->text, after->len, mode, file, e);
	return unlink(file) < 0 && errno != ENOENT ? fail(e, errno, "remove %s: %m", file) : 0;
}

struct request {
	const struct engine_setup *engine;
	struct engine_wish wish;
	const char *file;
	bool dry;
};

static int set_up(const struct request *r, struct buf *words, struct err *e)
{
	auto_free char *before = NULL;
	auto_buf after = { 0 };
	size_t len = 0;
	int rc = file_read(r->file, CONFIG_BYTES, &before, &len, e);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	rc = r->engine->edit(before, len, &r->wish, &after, e);
	if (rc < 0)
		return fail_in(e, rc, r->file);
	if (strcmp(before ? before : "", after.text ? after.text : "") == 0) {
		buf_printf(words, "%s: nothing to change\n", r->file);
		return 0;
	}
	buf_printf(words, "%s%s:\n", r->file, r->dry ? " would change" : "");
	engine_setup_diff(before ? before : "", after.text ? after.text : "", words);
	if (r->dry)
		return 1;
	rc = write_file(r->file, before, len, &after, e);
	if (rc < 0)
		return rc;
	buf_printf(words, "now:  %s\n", r->engine->restart);
	if (!r->wish.remove)
		buf_printf(words, "then: %s; thymus status\n", r->engine->use);
	return 0;
}

int cmd_setup(int argc, char **argv, const struct policy *p, struct err *e)
{
	struct request r = { .engine = NULL };
	bool json = false;
	const struct option_row rows[] = {
		{ "--json", &json, NULL }, { "--default", &r.wish.by_default, NULL }, { "--dry-run", &r.dry, NULL },
		{ "--remove", &r.wish.remove, NULL }, { "--file", NULL, &r.file }, { 0 }
	};
	char program[PATH_MAX];
	auto_buf words = { 0 };
	int shown, rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != 2)
		rc = fail(e, EINVAL, "usage: thymus setup [--default] [--dry-run] [--remove] [--file FILE] ENGINE, which is one of: %s",
			  engine_setup_names);
	if (rc == 0)
		rc = own_path(program, e);
	if (rc < 0)
		return rc;
	r.engine = engine_setup_find(argv[1]);
	if (!r.engine)
		return fail(e, EINVAL, "there is no engine %.60s; there is: %s", argv[1], engine_setup_names);
	r.wish.program = program;
	r.wish.policy = p->file && strcmp(p->file, POLICY_FILE) != 0 ? p->file : NULL;
	r.file = r.file ? r.file : r.engine->file;
	rc = set_up(&r, &words, e);
	if (rc < 0)
		return rc;
	shown = out_words(&words, json, e);
	return shown < 0 ? shown : rc;
}
