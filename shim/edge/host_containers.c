/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host_containers.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmdline.h"
#include "file.h"
#include "folder.h"
#include "process.h"

#define HEAD_BYTES  1024
#define STATE_BYTES (16u << 20)

/* Docker names its folder after the runtime, containerd after its own namespace. */
static const struct {
	const char *pattern, *engine;
} known[] = {
	{ "/run/runc", "runc" },
	{ "/run/crun", "crun" },
	{ "/run/docker/runtime-*/moby", "docker" },
	{ "/run/containerd/runc/*", "containerd" },
};

struct search {
	bool (*take)(void *ctx, const struct host_container *c);
	void *ctx;
	bool enough;
};

/* -1 unless it can be read and nobody but root (or we ourselves) can write it. */
static int open_trusted(const char *folder, const char *file)
{
	char path[4096];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path))
		return -1;
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    st.st_mode & (S_IWGRP | S_IWOTH))
		return -1;
	int ret = fd;

	fd = -1;
	return ret;
}

static bool number_behind(const char *text, const char *key, unsigned long long *ret)
{
	const char *at = strstr(text, key);

	return at && sscanf(at + strlen(key), " : %llu", ret) == 1;
}

/* runc writes pid and start time before anything that others chose, and parsing the whole of it (some 50 kB, hundreds of
 * containers) would take longer than a person likes to wait. */
static bool read_head(int fd, const char *pid_key, const char *start_key, unsigned long long *pid, unsigned long long *start)
{
	char head[HEAD_BYTES + 1], *config;
	ssize_t n = pread(fd, head, HEAD_BYTES, 0);

	if (n <= 0)
		return false;
	head[n] = '\0';
	config = strstr(head, "\"config\"");
	if (config)
		*config = '\0';
	return number_behind(head, pid_key, pid) && number_behind(head, start_key, start);
}

static bool read_numbers(const char *folder, unsigned long long *pid, unsigned long long *start)
{
	auto_of(fd) int runc = open_trusted(folder, "state.json");
	auto_of(fd) int crun = runc < 0 ? open_trusted(folder, "status") : -1;

	return runc >= 0 ? read_head(runc, "\"init_process_pid\"", "\"init_process_start\"", pid, start) :
	       crun >= 0 && read_head(crun, "\"pid\"", "\"process-start-time\"", pid, start);
}

static void look_at(const char *folder, const char *root, const char *engine, struct search *s)
{
	struct host_container c = { .pid = 0 };
	unsigned long long pid = 0, start = 0;
	const char *id = strrchr(folder, '/') + 1;

	if (!cmdline_valid_id(id) || !read_numbers(folder, &pid, &start) || pid == 0 || pid > INT32_MAX ||
	    !process_is_same((pid_t)pid, start))
		return;
	c.pid = (pid_t)pid;
	snprintf(c.id, sizeof(c.id), "%s", id);
	snprintf(c.root, sizeof(c.root), "%s", root);
	snprintf(c.engine, sizeof(c.engine), "%s", engine);
	s->enough = !s->take(s->ctx, &c);
}

static void look_in(const char *root, const char *engine, struct search *s)
{
	auto_names folders = { 0 };
	struct err ignored;

	if (folder_names(root, NULL, &folders, &ignored) < 0)
		return;
	for (size_t i = 0; i < folders.count && !s->enough; i++)
		look_at(folders.name[i], root, engine, s);
}

static void look_below(const char *pattern, const char *engine, struct search *s)
{
	glob_t found = { 0 };

	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && !s->enough; i++)
			look_in(found.gl_pathv[i], engine, s);
	globfree(&found);
}

void host_containers(const struct policy *p, bool (*take)(void *ctx, const struct host_container *c), void *ctx)
{
	struct search s = { take, ctx, false };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && !s.enough; i++)
		look_below(known[i].pattern, known[i].engine, &s);
	for (const struct json *v = p->runtime_roots ? p->runtime_roots->child : NULL; v && !s.enough; v = v->next)
		look_in(v->text, "policy", &s);
}

/* ---- one of them, with its bundle ---- */

struct wanted {
	const char *id;
	struct host_container found;
	size_t count, exact;
};

static bool matches(void *ctx, const struct host_container *c)
{
	struct wanted *w = ctx;
	bool exact = strcmp(c->id, w->id) == 0;

	if (strncmp(c->id, w->id, strlen(w->id)) != 0)
		return true;
	if (w->count > 0 && w->found.pid == c->pid) /* a root that policy names is one of the known */
		return true;
	w->count++;
	w->exact += exact;
	if (exact || w->exact == 0)
		w->found = *c;
	return true;
}

/* runc keeps the bundle as a label of its own: "bundle=/path". */
static const char *bundle_of(const struct json *doc)
{
	const struct json *labels = json_at(doc, "config.labels");

	for (const struct json *v = labels ? labels->child : NULL; v; v = v->next)
		if (json_string(v) && strncmp(v->text, "bundle=", 7) == 0)
			return v->text + 7;
	return json_string(json_get(doc, "bundle"));
}

static int read_bundle(struct host_container *c, struct err *e)
{
	char folder[2100];
	auto_free char *text = NULL;
	auto_of(json) struct json *doc = NULL;
	const char *bundle;
	size_t len;
	int rc;

	snprintf(folder, sizeof(folder), "%s/%s", c->root, c->id);
	auto_of(fd) int fd = open_trusted(folder, "state.json");
	if (fd < 0)
		fd = open_trusted(folder, "status");
	rc = file_read_fd(fd, folder, STATE_BYTES, &text, &len, e);
	if (rc == 0)
		rc = json_parse(text, len, 0, &doc, e);
	bundle = rc == 0 ? bundle_of(doc) : NULL;
	if (rc == 0 && (!bundle || bundle[0] != '/' || strlen(bundle) >= sizeof(c->bundle)))
		rc = fail(e, EINVAL, "it names no bundle");
	if (rc < 0)
		return fail_in(e, rc, folder);
	snprintf(c->bundle, sizeof(c->bundle), "%s", bundle);
	return 0;
}

int host_container_find(const struct policy *p, const char *root, const char *id, struct host_container *ret,
			struct err *e)
{
	struct wanted w = { .id = id };

	if (!*id)
		return fail(e, ENOENT, "a container's ID is empty");
	if (root)
		look_in(root, "runtime", &(struct search){ matches, &w, false });
	else
		host_containers(p, matches, &w);
	if (w.count == 0)
		return fail(e, ENOENT, "no container \"%s\" runs here: thymus status lists those that are not watched; for "
			    "another runtime's root say --root DIR", id);
	if (w.exact > 1 || (w.exact == 0 && w.count > 1))
		return fail(e, EEXIST, "container \"%s\" is ambiguous, %zu IDs begin so: say more of it, or --root DIR", id,
			    w.exact > 1 ? w.exact : w.count);
	*ret = w.found;
	return read_bundle(ret, e);
}
