/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bundle.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define CONFIG       "config.json"
#define CONFIG_BYTES (32u << 20) /* several MiB of env are legal */

void bundle_close(struct bundle *b)
{
	file_close(b->fd);
	free(b->file);
	free(b->text);
	*b = (struct bundle){ .fd = -1 };
}

static int check_file(struct bundle *b, int fd, struct err *e)
{
	struct stat folder, file;

	if (fstat(b->fd, &folder) < 0 || fstat(fd, &file) < 0)
		return fail(e, errno, "stat %s: %m", b->file);
	if (!S_ISREG(file.st_mode))
		return fail(e, EINVAL, "%s is not a regular file", b->file);
	/* podman gives a folder to the container's own root, and keeps the file */
	if (file.st_uid != folder.st_uid && file.st_uid != geteuid())
		return fail(e, EPERM, "%s belongs to uid %u, its folder to uid %u: chown one of "
			    "them", b->file, file.st_uid, folder.st_uid);
	b->mode = file.st_mode & 07777;
	b->uid = file.st_uid;
	b->gid = file.st_gid;
	return 0;
}

static int read_config(struct bundle *b, struct err *e)
{
	/* O_NONBLOCK: a FIFO in its place must not hang us (open(2)). */
	auto_of(fd) int fd = openat(b->fd, CONFIG, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				    O_CLOEXEC);
	int rc;

	if (fd < 0 && errno == ELOOP)
		return fail(e, ELOOP, "%s is a symbolic link: put the file itself there", b->file);
	if (fd < 0)
		return fail(e, errno, "open %s: %m", b->file);
	rc = check_file(b, fd, e);
	return rc < 0 ? rc : file_read_fd(fd, b->file, CONFIG_BYTES, &b->text, &b->len, e);
}

int bundle_open(const char *path, struct bundle *ret, struct err *e)
{
	auto_bundle b = { .fd = open(path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	int rc;

	if (b.fd < 0)
		return fail(e, errno, "open bundle %s: %m", path ? path : "in the current folder");
	if (asprintf(&b.file, "%s%s" CONFIG, path ? path : "", path ? "/" : "") < 0) {
		b.file = NULL;
		return fail(e, ENOMEM, "out of memory");
	}
	rc = read_config(&b, e);
	if (rc < 0)
		return rc;
	*ret = b;
	b = (struct bundle){ .fd = -1 };
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int fill(const struct bundle *b, int fd, const struct buf *text)
{
	return write_all(fd, text->text, text->len) < 0 || fchown(fd, b->uid, b->gid) < 0 ||
	       fchmod(fd, b->mode) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* The folder may be another user's, who must gain nothing from our being root: the new file is
 * ours alone (O_EXCL) until it has its content, and is given away by descriptor, not by name. */
static int replace(const struct bundle *b, const struct buf *text, struct err *e)
{
	char temporary[64];
	int rc;

	snprintf(temporary, sizeof(temporary), "." CONFIG ".thymus.%d", getpid());
	unlinkat(b->fd, temporary, 0); /* left by a crash, or planted: either way not ours */
	auto_of(fd) int fd = openat(b->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(e, errno, "write %s: %m", b->file);
	rc = fill(b, fd, text);
	if (rc == 0 && (renameat(b->fd, temporary, b->fd, CONFIG) < 0 || fsync(b->fd) < 0))
		rc = -errno;
	if (rc < 0) {
		unlinkat(b->fd, temporary, 0);
		errno = -rc;
		return fail(e, -rc, "write %s: %m", b->file);
	}
	return 0;
}

int bundle_write(const struct bundle *b, const struct spec *s, struct err *e)
{
	auto_buf text = { 0 };

	json_emit(s->doc, 0, &text);
	buf_puts(&text, "\n");
	if (text.failed)
		return fail(e, ENOMEM, "out of memory");
	if (text.len > JSON_BYTES) /* the hook must read it again */
		return fail(e, EFBIG, "%s is larger than %u MiB", b->file, JSON_BYTES >> 20);
	if (text.len == b->len && memcmp(text.text, b->text, b->len) == 0)
		return 0;
	return replace(b, &text, e);
}
