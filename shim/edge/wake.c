/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wake.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "folder.h"
#include "state.h"

static int open_fifo(const char *folder, int flags)
{
	char path[4096 + 16];

	snprintf(path, sizeof(path), "%s/wake", folder);
	if (flags & O_CREAT && mkfifo(path, 0600) < 0 && errno != EEXIST)
		return -1;
	return open(path, (flags & ~O_CREAT) | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
}

int wake_open(const char *folder)
{
	/* for writing too: with the last writer's end a FIFO would be readable for ever */
	return open_fifo(folder, O_CREAT | O_RDWR);
}

void wake_one(const char *folder)
{
	auto_of(fd) int fd = open_fifo(folder, O_WRONLY); /* ENXIO: nobody listens */

	if (fd >= 0 && write(fd, "", 1) < 0)
		return; /* full: it is awake */
}

void wake_all(const struct policy *p)
{
	auto_of(list) char **folders = NULL;
	struct err ignored;

	if (state_list(p, &folders, &ignored) < 0)
		return;
	for (size_t i = 0; folders[i]; i++)
		wake_one(folders[i]);
}
