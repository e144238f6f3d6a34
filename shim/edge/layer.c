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
	const char *path;
	bool found;
	char upper[4096];
};

static bool upper_of(void *ctx, const struct mntent *m)
{
	struct search *s = ctx;
	const char *option = strcmp(m->mnt_type, "overlay") == 0 ? hasmntopt(m, "upperdir") : NULL;

	if (strcmp(m->mnt_dir, s->path) != 0)
		return false;
	s->found = strcmp(m->mnt_type, "overlay") == 0; /* the last mount on a folder is the one that is seen */
	s->upper[0] = '\0';
	if (option && strncmp(option, "upperdir=", 9) == 0)
		snprintf(s->upper, sizeof(s->upper), "%.*s", (int)strcspn(option + 9, ","), option + 9);
	return false;
}

void layer_open(pid_t pid, const char *path, int root, struct layer *ret)
{
	struct search s = { path, false, "" };
	struct statfs fs;

	*ret = (struct layer){ root, -1, true };
	if (fstatfs(root, &fs) < 0 || fs.f_type != OVERLAYFS_SUPER_MAGIC)
		return;
	mounts_find(pid, upper_of, &s);
	if (s.upper[0] == '/')
		ret->upper = open(s.upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* an overlay without an upper folder cannot be written */
	ret->whole = ret->upper < 0 && (!s.found || s.upper[0]);
}

static enum layer_kind kind_of(const struct layer *l, int fd, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	struct statfs file, root;
	struct stat st;

	if (l->whole || path[0] != '/' || fstatfs(fd, &file) < 0 || fstatfs(l->root, &root) < 0 ||
	    file.f_type != root.f_type || memcmp(&file.f_fsid, &root.f_fsid, sizeof(file.f_fsid)) != 0)
		return LAYER_OPEN;
	if (l->upper < 0)
		return LAYER_IMAGE;
	auto_of(fd) int at = (int)syscall(SYS_openat2, l->upper, path + 1, &how, sizeof(how));
	return at < 0 || fstat(at, &st) < 0 || !S_ISREG(st.st_mode) ? LAYER_IMAGE : LAYER_OWN;
}

enum layer_kind layer_of(const struct layer *l, int fd, const char *path, char sha256[65])
{
	enum layer_kind kind = kind_of(l, fd, path);

	sha256[0] = '\0';
	if (kind != LAYER_IMAGE)
		(void)digest_file(fd, LAYER_HASHED, sha256);
	return kind;
}
