/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

int rootfs_open(int root, const char *path)
{
	/* O_NONBLOCK, O_NOCTTY: what lies there may be a FIFO or a terminal */
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, .resolve = RESOLVE_IN_ROOT };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}
