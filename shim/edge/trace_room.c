/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace_room.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "folder.h"

enum { BLOCK = 4096 };

struct trace_file {
	const char *path;
	unsigned long long size;
	struct timespec when;
};

void trace_hold(int fd)
{
	(void)flock(fd, LOCK_EX | LOCK_NB); /* a file system without locks: then it is removed when it is the oldest */
}

static bool is_trace(const char *name)
{
	return name_ends(name, ".trace");
}

static int by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct trace_file *)a)->when, *y = &((const struct trace_file *)b)->when;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* What they take on the disk; `ret` has room for all. */
static unsigned long long look(const struct names *n, struct trace_file *ret, size_t *count)
{
	unsigned long long total = 0;

	*count = 0;
	for (size_t i = 0; i < n->count; i++) {
		struct stat st;

		if (lstat(n->name[i], &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		ret[*count] = (struct trace_file){ n->name[i], ((unsigned long long)st.st_size + BLOCK - 1) / BLOCK * BLOCK, st.st_mtim };
		total += ret[(*count)++].size;
	}
	return total;
}

static bool is_written(const char *path)
{
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

bool trace_room(const struct policy *p, unsigned long long more)
{
	unsigned long long most = (unsigned long long)p->limits.trace_mib << 20, total;
	auto_free struct trace_file *files = NULL;
	auto_names names = { 0 };
	struct err ignored;
	size_t count;

	if (folder_names(p->traces, is_trace, &names, &ignored) < 0)
		return false;
	files = calloc(names.count + 1, sizeof(*files));
	if (!files)
		return false;
	total = look(&names, files, &count);
	if (total + more <= most)
		return true;
	qsort(files, count, sizeof(*files), by_age);
	for (size_t i = 0; i < count && total + more > most; i++)
		if (!is_written(files[i].path) && unlink(files[i].path) == 0)
			total -= files[i].size;
	return total + more <= most;
}
