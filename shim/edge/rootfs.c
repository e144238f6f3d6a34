/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_in(int root, const char *path, unsigned long long resolve)
{
	/* O_NONBLOCK, O_NOCTTY: what lies there may be a FIFO or a terminal */
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, .resolve = resolve };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

int rootfs_open(int root, const char *path)
{
	return open_in(root, path, RESOLVE_IN_ROOT);
}

int rootfs_open_exact(int root, const char *path)
{
	return open_in(root, path, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}
