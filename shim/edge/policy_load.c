/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_load.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "rootless.h"

#define POLICY_BYTES (1u << 20)

/* The open file is asked, not its name: nobody can swap it before the reading. */
static int check_owner(int fd, const char *file, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(e, errno, "stat %s: %m", file);
	if (!rootless_trusts(st.st_uid))
		return fail(e, EPERM, "policy %s belongs to uid %u: chown it to root", file,
			    st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return fail(e, EPERM,
			    "policy %s can be written by others (mode %04o): chmod go-w it", file,
			    st.st_mode & 07777);
	return 0;
}

int policy_load(const char *file, struct policy *ret, struct err *e)
{
	const char *path = file ? file : POLICY_FILE;
	auto_free char *text = NULL;
	size_t len;
	int rc;

	/* O_NONBLOCK: a FIFO in the file's place must not hang us (open(2)). */
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT && !file) {
		policy_default(ret);
		return 0;
	}
	if (fd < 0 && errno == EACCES && rootless())
		return fail(e, EACCES, "user %lu cannot read the policy %s, which may say enforce: chmod 644 %s (and 755 its folder)",
			    rootless_uid(), path, path);
	if (fd < 0)
		return fail(e, errno, "open policy %s: %m", path);
	rc = check_owner(fd, path, e);
	if (rc == 0)
		rc = file_read_fd(fd, path, POLICY_BYTES, &text, &len, e);
	if (rc < 0)
		return rc;
	rc = policy_parse(text, len, ret, e);
	if (rc < 0)
		return fail_in(e, rc, path);
	ret->file = path;
	return 0;
}

void policy_load_rescue(const char *file, struct policy *ret)
{
	const char *path = file ? file : POLICY_FILE;
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	auto_free char *text = NULL;
	struct err ignored;
	size_t len;

	policy_default(ret);
	if (fd >= 0 && check_owner(fd, path, &ignored) == 0 && file_read_fd(fd, path, POLICY_BYTES, &text, &len, &ignored) == 0)
		policy_rescue(text, len, ret);
	ret->file = path;
}
