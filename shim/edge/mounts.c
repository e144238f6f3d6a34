/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auto.h"

#define LINE_BYTES (64u << 10) /* an overlay names up to 500 lower folders */

bool mounts_find(pid_t pid, bool (*take)(void *ctx, const struct mntent *m), void *ctx)
{
	auto_free char *line = malloc(LINE_BYTES);
	struct mntent m;
	bool taken = false;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/mounts", pid ? pid : getpid());
	f = line ? setmntent(path, "re") : NULL;
	while (f && !taken && getmntent_r(f, &m, line, LINE_BYTES))
		taken = take(ctx, &m);
	if (f)
		endmntent(f);
	return taken;
}
