/* SPDX-License-Identifier: GPL-2.0-or-later */
/* late.c - put the sensor on a container that runs already: its tasks become members one by one. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "file.h"
#include "monitor.h"
#include "rootfs.h"
#include "utf8.h"

enum { PASSES = 50 };

struct roll {
	struct monitor *m;
	struct err *e;
	int rc;
};

/* What execve was given, of the process's auxiliary vector (getauxval(3), AT_EXECFN).  The process can forge it as it can
 * forge a name at exec: a name only narrows. */
static bool name_given(pid_t pid, char ret[NAME_BYTES])
{
	enum { EXECFN = 31 };
	unsigned long pair[2];
	char path[64];
	ssize_t n = 0;

	ret[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	auto_of(fd) int vector = open(path, O_RDONLY | O_CLOEXEC);
	while (vector >= 0 && read(vector, pair, sizeof(pair)) == (ssize_t)sizeof(pair) && pair[0] != 0) {
		if (pair[0] != EXECFN)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/mem", pid);
		auto_of(fd) int memory = open(path, O_RDONLY | O_CLOEXEC);
		n = memory < 0 ? 0 : pread(memory, ret, NAME_BYTES - 1, (off_t)pair[1]);
		break;
	}
	ret[n > 0 ? n : 0] = '\0';
	return ret[0] != '\0';
}

/* A script is known by its path, all else by the last part of its name. */
static void name_of(const struct monitor *m, pid_t pid, const char *file, char ret[NAME_BYTES])
{
	char given[NAME_BYTES], begin[2] = "";
	const char *slash;

	if (!name_given(pid, given))
		snprintf(given, sizeof(given), "%.255s", file);
	auto_of(fd) int fd = given[0] == '/' ? rootfs_open(m->root, given) : -1;
	bool script = fd >= 0 && pread(fd, begin, 2, 0) == 2 && begin[0] == '#' && begin[1] == '!';
	slash = strrchr(given, '/');
	snprintf(ret, NAME_BYTES, "%s", script || !slash ? given : slash + 1);
	utf8_keep(ret);
}

static void mark(void *ctx, pid_t pid)
{
	struct roll *r = ctx;
	struct monitor *m = r->m;
	char link[64], path[512], name[NAME_BYTES];
	struct program g = { .path = path, .name = name };
	u64 inode;
	u32 local;
	ssize_t n;

	if (r->rc < 0)
		return;
	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	n = readlink(link, path, sizeof(path) - 1);
	auto_of(fd) int fd = n <= 0 ? -1 : open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) /* a zombie */
		return;
	path[n] = '\0';
	utf8_keep(path);
	name_of(m, pid, path, name);
	if (layer_of(&m->layer, fd, path, g.sha256) == LAYER_IMAGE && monitor_by_content(m))
		(void)digest_file(fd, LAYER_HASHED, g.sha256);
	r->rc = monitor_meet(m, &g, fd, &local, &inode, r->e);
	if (r->rc == 0)
		r->rc = tenant_mark(m->tenant, (u32)pid, local, inode, r->e);
}

/* Until a listing finds nobody who is no member: those who were born meanwhile, or have just executed something else. */
static int adopt_all(struct monitor *m, struct err *e)
{
	struct roll r = { m, e, 0 };
	u32 missing = 1;

	for (int i = 0; i < PASSES && missing > 0 && r.rc == 0; i++) {
		cgroup_each(&m->plan->cgroup, mark, &r);
		if (r.rc == 0)
			r.rc = tenant_adopt(m->tenant, &missing, e);
	}
	if (r.rc == 0 && missing > 0)
		return fail(e, EAGAIN, "the container's processes change faster than they can be made known to the kernel: try again");
	return r.rc;
}

int monitor_adopt(struct monitor *m, struct decision *d, struct err *e)
{
	const struct plan *p = m->plan;
	int rc = monitor_enact(m, d, e);

	m->row->init = (u32)p->pid;
	m->row->started = 1;
	/* Its own first: whoever joins a watched cgroup is taken for an exec session of the engine. */
	if (rc == 0)
		rc = adopt_all(m, e);
	if (rc == 0)
		rc = tenant_watch_cgroup(m->tenant, p->cgroup.id, p->cgroup.hierarchy, e);
	return rc < 0 ? rc : adopt_all(m, e);
}
