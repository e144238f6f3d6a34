/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hook_path.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void hook_path(char ret[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", ret, PATH_MAX - sizeof(HOOK_NAME));
	char *slash;

	ret[len < 0 ? 0 : len] = '\0';
	slash = strrchr(ret, '/');
	if (slash)
		memcpy(slash + 1, HOOK_NAME, sizeof(HOOK_NAME));
	if (!slash || access(ret, X_OK) < 0)
		snprintf(ret, PATH_MAX, "%s/" HOOK_NAME, LIBEXECDIR);
}
