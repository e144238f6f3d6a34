/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gate_exec.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "file.h"
#include "mounts.h"

/* A superblock that is the container's alone can be marked whole: the mark then survives
 * `unshare -m`, which gives a process mounts of its own that a mount mark does not cover. */
static unsigned mark_kind(int root, const char *at)
{
	auto_of(fd) int fd = openat(root, at, O_PATH | O_CLOEXEC);
	struct statfs fs;

	if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC)
		return FAN_MARK_FILESYSTEM;
	return FAN_MARK_MOUNT;
}

struct below {
	int group, root;
	const char *path;
};

static bool mark_below(void *ctx, const struct mntent *m)
{
	const struct below *b = ctx;
	size_t prefix = strlen(b->path);
	char at[4096 + 2];

	if (strncmp(m->mnt_dir, b->path, prefix) != 0 || m->mnt_dir[prefix] != '/')
		return false;
	snprintf(at, sizeof(at), ".%s", m->mnt_dir + prefix);
	/* proc, sysfs and the like refuse: nothing can be executed there */
	(void)fanotify_mark(b->group, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN_EXEC_PERM, b->root, at);
	return false;
}

int gate_exec_open(int root, const char *path, pid_t pid, int *ret, struct err *e)
{
	auto_of(fd) int group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE,
					      O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NONBLOCK);

	if (group < 0)
		return fail(e, errno, "gate for executions: fanotify_init: %m");
	if (fanotify_mark(group, FAN_MARK_ADD | mark_kind(root, "."), FAN_OPEN_EXEC_PERM, root, ".") < 0)
		return fail(e, errno, "gate for executions: mark the container's root: %m");
	mounts_find(pid, mark_below, &(struct below){ group, root, path });
	*ret = group;
	group = -1;
	return 0;
}

int gate_exec_probe(struct err *e)
{
	auto_of(fd) int group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_LARGEFILE | O_CLOEXEC);

	if (group < 0)
		return fail(e, errno, "fanotify_init: %m");
	if (fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_EXEC_PERM, AT_FDCWD, "/proc/self/exe") < 0)
		return fail(e, errno, "fanotify has no FAN_OPEN_EXEC_PERM: %m");
	return 0;
}

void gate_exec_drain(int group, bool (*judge)(void *ctx, int fd, pid_t pid), void *ctx)
{
	_Alignas(struct fanotify_event_metadata) char buf[8192];
	ssize_t n = read(group, buf, sizeof(buf));
	struct fanotify_event_metadata *ev = (void *)buf;

	for (; n > 0 && FAN_EVENT_OK(ev, n); ev = FAN_EVENT_NEXT(ev, n)) {
		auto_of(fd) int fd = ev->fd;
		struct fanotify_response answer = { ev->fd, FAN_DENY };

		if (fd < 0 || !(ev->mask & FAN_OPEN_EXEC_PERM))
			continue;
		if (judge(ctx, fd, ev->pid))
			answer.response = FAN_ALLOW;
		if (write(group, &answer, sizeof(answer)) < 0)
			continue; /* its process was killed while it waited */
	}
}

void gate_exec_close(int group)
{
	if (group < 0)
		return;
	(void)fanotify_mark(group, FAN_MARK_FLUSH | FAN_MARK_MOUNT, 0, AT_FDCWD, NULL);
	(void)fanotify_mark(group, FAN_MARK_FLUSH | FAN_MARK_FILESYSTEM, 0, AT_FDCWD, NULL);
	close(group);
}
