/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layer.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "digest.h"
#include "file.h"
#include "mounts.h"

struct search {
	const char *root;
	char upper[4096];
};

static bool upper_of(void *ctx, const struct mntent *m)
{
	struct search *s = ctx;
	const char *option = strcmp(m->mnt_type, "overlay") == 0 ? hasmntopt(m, "upperdir") : NULL;

	if (strcmp(m->mnt_dir, s->root) != 0)
		return false;
	s->upper[0] = '\0'; /* the last mount on a folder is the one that is seen */
	if (option && strncmp(option, "upperdir=/", 10) == 0)
		snprintf(s->upper, sizeof(s->upper), "%.*s", (int)strcspn(option + 9, ","), option + 9);
	return false;
}

int layer_open(pid_t pid, const char *root)
{
	struct search s = { root, "" };

	mounts_find(pid, upper_of, &s);
	return s.upper[0] ? open(s.upper, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

bool layer_has(int upper, int root, int fd, const char *path, char sha256[65])
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	struct statfs file, whole;
	struct stat st;

	sha256[0] = '\0';
	if (upper < 0 || path[0] != '/' || fstatfs(fd, &file) < 0 || fstatfs(root, &whole) < 0)
		return false;
	if (file.f_type != OVERLAYFS_SUPER_MAGIC || memcmp(&file.f_fsid, &whole.f_fsid, sizeof(file.f_fsid)) != 0)
		return false; /* a volume */
	auto_of(fd) int at = (int)syscall(SYS_openat2, upper, path + 1, &how, sizeof(how));
	if (at < 0 || fstat(at, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	(void)digest_file(fd, LAYER_HASHED, sha256);
	return true;
}
