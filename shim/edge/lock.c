/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS 4
#define HOW      (O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* flock(2) has no timeout, and an alarm would be seen by the whole process: ask again and again.
 * The pause is short against what a holder does (an fsync or two). */
static int take(int fd, long *left)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (*left <= 0)
			return -EAGAIN;
		*left -= PAUSE_MS;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static bool still_named(int fd, const char *path)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

int lock_open(const char *path, int flags, struct err *e)
{
	long left = LOCK_SECONDS * 1000L;

	for (;;) {
		auto_of(fd) int fd = open(path, flags | HOW, 0600);
		int rc;

		if (fd < 0)
			return fail(e, errno, "open %s: %m", path);
		rc = take(fd, &left);
		if (rc == -EAGAIN)
			return fail(e, EAGAIN, "%s is locked for %d s by a thymus that is stuck: "
				    "fuser %s names it", path, LOCK_SECONDS, path);
		if (rc < 0) {
			errno = -rc;
			return fail(e, -rc, "lock %s: %m", path);
		}
		if (still_named(fd, path)) {
			int kept = fd;

			fd = -1;
			return kept;
		}
	}
}

int lock_folder(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];

	if (!slash || slash == path)
		return 0;
	int n = snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	if (n >= (int)sizeof(folder))
		return fail(e, ENAMETOOLONG, "folder of %s: name too long", path);
	return file_mkdirs(folder, e);
}
