/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"
#include "mounts.h"

#define PROC_BYTES (1u << 20)

struct place {
	const char *controller; /* NULL: the unified hierarchy */
	char *at;               /* 512 bytes */
};

static bool is_place(void *ctx, const struct mntent *m)
{
	const struct place *p = ctx;

	if (strcmp(m->mnt_type, p->controller ? "cgroup" : "cgroup2") != 0 ||
	    (p->controller && !hasmntopt(m, p->controller)))
		return false;
	snprintf(p->at, 512, "%s", m->mnt_dir);
	return true;
}

/* Mount point of the unified hierarchy (`controller` NULL) or of a v1 controller. */
static bool mount_point(const char *controller, char ret[512])
{
	return mounts_find(0, is_place, &(struct place){ controller, ret });
}

/* "N:controllers:/path" of the hierarchy that has `controller` ("" for the unified one). */
static bool own_path(pid_t pid, const char *controller, uint32_t *number, char ret[512])
{
	char file[64], *save = NULL;
	auto_free char *text = NULL;
	struct err e;
	size_t len;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	if (file_read(file, PROC_BYTES, &text, &len, &e) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL, *word = NULL;
		bool found;

		if (!path)
			continue;
		*path++ = '\0';
		list++;
		found = *controller == '\0' && *list == '\0';
		for (char *c = strtok_r(list, ",", &word); c; c = strtok_r(NULL, ",", &word))
			found |= *controller && strcmp(c, controller) == 0;
		if (!found)
			continue;
		*number = (uint32_t)strtoul(line, NULL, 10);
		snprintf(ret, 512, "%s", path);
		return strcmp(path, "/") != 0 && !strstr(path, "/..");
	}
	return false;
}

static bool folder_of(pid_t pid, const char *controller, char ret[1024], uint64_t *id, uint32_t *number)
{
	char at[512], path[512];
	struct stat st;

	ret[0] = '\0';
	if (!mount_point(*controller ? controller : NULL, at) || !own_path(pid, controller, number, path))
		return false;
	if (snprintf(ret, 1024, "%s%s", at, path) >= 1024 || stat(ret, &st) < 0) {
		ret[0] = '\0';
		return false;
	}
	*id = st.st_ino; /* kernfs: the inode number is the group's id */
	return true;
}

int cgroup_of(pid_t pid, struct cgroup *ret, struct err *e)
{
	uint64_t id = 0;
	uint32_t number = 0;
	struct cgroup c = { .id = 0 };

	if (folder_of(pid, "freezer", c.freezer, &id, &number)) {
		c.id = id;
		c.hierarchy = number;
	}
	if (folder_of(pid, "", c.unified, &id, &number)) {
		c.id = id;
		c.hierarchy = 0;
	}
	if (c.id == 0)
		return fail(e, ENOENT, "process %d has no cgroup of its own that can be frozen: give the container a cgroup",
			    pid);
	*ret = c;
	return 0;
}

static int write_word(const char *folder, const char *file, const char *word)
{
	char path[1200];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	auto_of(fd) int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, word, strlen(word)) < 0)
		return -errno;
	return 0;
}

static bool file_says(const char *folder, const char *file, const char *words)
{
	char path[1200], text[256];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return false;
	text[n] = '\0';
	return strstr(text, words) != NULL;
}

int cgroup_freeze(const struct cgroup *c, bool freeze, struct err *e)
{
	int rc;

	if (c->unified[0])
		rc = write_word(c->unified, "cgroup.freeze", freeze ? "1" : "0");
	else
		rc = write_word(c->freezer, "freezer.state", freeze ? "FROZEN" : "THAWED");
	errno = -rc;
	return rc < 0 ? fail(e, -rc, "%s %s: %m", freeze ? "freeze" : "thaw", c->unified[0] ? c->unified : c->freezer) : 0;
}

bool cgroup_frozen(const struct cgroup *c)
{
	/* cgroup.events is re-read: its notifications are rate-limited */
	return c->unified[0] ? file_says(c->unified, "cgroup.events", "frozen 1") :
			       file_says(c->freezer, "freezer.state", "FROZEN");
}

struct walk {
	void (*act)(void *ctx, pid_t pid);
	void *ctx;
	unsigned found;
};

static void each_in(const char *folder, struct walk *w, unsigned depth)
{
	char path[1300];
	auto_free char *text = NULL;
	char *save = NULL;
	struct err e;
	size_t len;

	snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	if (file_read(path, PROC_BYTES, &text, &len, &e) == 0)
		for (char *p = strtok_r(text, "\n", &save); p; p = strtok_r(NULL, "\n", &save)) {
			w->found++;
			if (w->act)
				w->act(w->ctx, (pid_t)strtol(p, NULL, 10));
		}
	DIR *d = depth ? opendir(folder) : NULL;
	for (struct dirent *at; d && (at = readdir(d));) {
		if (at->d_type != DT_DIR || at->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, at->d_name) < (int)sizeof(path))
			each_in(path, w, depth - 1);
	}
	if (d)
		closedir(d);
}

static const char *folder(const struct cgroup *c)
{
	return c->unified[0] ? c->unified : c->freezer;
}

void cgroup_each(const struct cgroup *c, void (*act)(void *ctx, pid_t pid), void *ctx)
{
	each_in(folder(c), &(struct walk){ act, ctx, 0 }, 8);
}

bool cgroup_empty(const struct cgroup *c)
{
	struct walk w = { NULL, NULL, 0 };

	each_in(folder(c), &w, 8);
	return w.found == 0;
}

static void kill_one(void *ctx, pid_t pid)
{
	(void)ctx;
	if (pid > 1)
		kill(pid, SIGKILL);
}

void cgroup_kill(const struct cgroup *c)
{
	struct err e;

	if (c->unified[0] && write_word(c->unified, "cgroup.kill", "1") == 0)
		return;
	for (int i = 0; i < 10 && !cgroup_empty(c); i++) {
		cgroup_each(c, kill_one, NULL);
		if (!c->unified[0] && cgroup_freeze(c, false, &e) < 0) /* v1: the frozen do not die */
			break;
		usleep(1000);
	}
}

/* Our own group of the unified hierarchy, made if need be: the path, or "" where there is none. */
static void own_group(char ret[600])
{
	char at[512];

	ret[0] = '\0';
	if (!mount_point(NULL, at))
		return;
	snprintf(ret, 600, "%s/thymus", at);
	if (mkdir(ret, 0755) < 0 && errno != EEXIST)
		ret[0] = '\0';
}

pid_t cgroup_fork(void)
{
	char mine[600];
	pid_t pid = -1;

	own_group(mine);
	auto_of(fd) int fd = mine[0] ? open(mine, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd };

		/* a process that moves makes the kernel wait until no task is amid a fork: 12 ms and more */
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	}
	if (pid >= 0)
		return pid;
	pid = fork();
	if (pid == 0 && mine[0] && write_word(mine, "cgroup.procs", "0") < 0) {
		*strrchr(mine, '/') = '\0';
		(void)write_word(mine, "cgroup.procs", "0");
	}
	return pid;
}

/* To the root of one v1 hierarchy, unless we are there.  `line`: of /proc/self/cgroup. */
static void leave_v1(char *line)
{
	char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
	char at[512];

	if (!path || list[1] == ':' || strcmp(path, ":/") == 0)
		return;
	*path = '\0';
	list[1 + strcspn(list + 1, ",")] = '\0'; /* one of the controllers that are mounted together */
	/* `tasks` moves one thread, we have no more, and need not wait as `cgroup.procs` must */
	if (mount_point(list + 1, at) && write_word(at, "tasks", "0") < 0)
		(void)write_word(at, "cgroup.procs", "0");
}

void cgroup_leave(void)
{
	auto_free char *text = NULL;
	char *save = NULL;
	struct err e;
	size_t len;

	if (file_read("/proc/self/cgroup", PROC_BYTES, &text, &len, &e) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		leave_v1(line);
}

void cgroup_forget(void)
{
	char at[512], mine[600];

	if (mount_point(NULL, at)) {
		snprintf(mine, sizeof(mine), "%s/thymus", at);
		rmdir(mine);
	}
}

/* kernfs has the inode's number in its directory entries: no group needs to be opened to be told. */
static bool find_inode(const char *folder, uint64_t id, char ret[1024], unsigned depth)
{
	DIR *d = opendir(folder);
	bool found = false;

	for (struct dirent *at; d && !found && (at = readdir(d));) {
		char path[1024];

		if (at->d_type != DT_DIR || at->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", folder, at->d_name) >= (int)sizeof(path))
			continue;
		found = at->d_ino == id;
		if (found)
			memcpy(ret, path, sizeof(path));
		else if (depth)
			found = find_inode(path, id, ret, depth - 1);
	}
	if (d)
		closedir(d);
	return found;
}

bool cgroup_by_id(uint64_t id, uint32_t hierarchy, struct cgroup *ret)
{
	char at[512];

	*ret = (struct cgroup){ .id = id, .hierarchy = hierarchy };
	return mount_point(hierarchy ? "freezer" : NULL, at) &&
	       find_inode(at, id, hierarchy ? ret->freezer : ret->unified, 32);
}
