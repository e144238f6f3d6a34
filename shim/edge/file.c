/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void file_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int file_read_fd(int fd, const char *name, size_t max, char **ret, size_t *len, struct err *e)
{
	auto_free char *buf = NULL;
	size_t used = 0, room = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(e, errno, "stat %s: %m", name);
	if (!S_ISREG(st.st_mode))
		return fail(e, EINVAL, "%s is not a regular file", name);
	for (;;) {
		if (room - used < 2) {
			char *more;

			/* st_size is a hint: files of /proc say 0 */
			room = room ? room * 2 : (size_t)st.st_size + 4096;
			more = realloc(buf, room);
			if (!more)
				return fail(e, ENOMEM, "out of memory");
			buf = more;
		}
		ssize_t n = read(fd, buf + used, room - used - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(e, errno, "read %s: %m", name);
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max)
			return fail(e, EFBIG, "%s is larger than %zu bytes", name, max);
	}
	buf[used] = '\0';
	*len = used;
	*ret = STEAL(buf);
	return 0;
}

int file_read(const char *path, size_t max, char **ret, size_t *len, struct err *e)
{
	/* O_NONBLOCK: a FIFO planted in the bundle must not hang us (open(2)). */
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return fail(e, errno, "open %s: %m", path);
	return file_read_fd(fd, path, max, ret, len, e);
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_replace(int dirfd, const char *name, const char *text, size_t len, mode_t mode, const char *path,
		 struct err *e)
{
	char temporary[4096 + 32], folder[4096];
	int rc;

	if (snprintf(temporary, sizeof(temporary), "%s.tmp%d", name, getpid()) >= (int)sizeof(temporary) ||
	    snprintf(folder, sizeof(folder), "%s", name) >= (int)sizeof(folder))
		return fail(e, ENAMETOOLONG, "write %s: name too long", path);
	unlinkat(dirfd, temporary, 0); /* left by a crashed process of the same number */
	auto_of(fd) int fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return fail(e, errno, "write %s: %m", path);
	rc = write_all(fd, text, len);
	if (rc == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0 || renameat(dirfd, temporary, dirfd, name) < 0))
		rc = -errno;
	if (rc < 0) {
		errno = -rc;
		fail(e, -rc, "write %s: %m", path);
		unlinkat(dirfd, temporary, 0);
		return rc;
	}
	auto_of(fd) int parent = openat(dirfd, dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0 || fsync(parent) < 0)
		return fail(e, errno, "sync the folder of %s: %m", path);
	return 0;
}

uint64_t file_stamp(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec + st.st_ino;
}

int file_mkdirs(const char *path, struct err *e)
{
	char step[4096];

	if (snprintf(step, sizeof(step), "%s/", path) >= (int)sizeof(step))
		return fail(e, ENAMETOOLONG, "folder %s: name too long", path);
	for (char *p = step + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(step, 0700) < 0 && errno != EEXIST)
			return fail(e, errno, "make folder %s: %m", step);
		*p = '/';
	}
	return 0;
}
