/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"

/* What lies there is the container's choice: opening a FIFO would wait, and a device might act (a watchdog starts).
 * Look first, then open what was looked at. */
static int open_in(int root, const char *path, unsigned long long resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = resolve };
	auto_of(fd) int at = -1;
	char self[64];
	struct stat st;

	/* EAGAIN: something on the host was renamed while the kernel walked over a "..": openat2(2) */
	for (int i = 0; i < 1000 && at < 0; i++) {
		at = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (at < 0 && errno != EAGAIN && errno != EINTR)
			return -1;
	}

	if (at < 0 || fstat(at, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	snprintf(self, sizeof(self), "/proc/self/fd/%d", at);
	return open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

int rootfs_open(int root, const char *path)
{
	return open_in(root, path, RESOLVE_IN_ROOT);
}

int rootfs_open_exact(int root, const char *path)
{
	return open_in(root, path, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}
