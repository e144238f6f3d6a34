/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "room.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

int room_left(const struct policy *p, const char *folder, struct err *e)
{
	unsigned long long kib;
	struct statvfs st;
	char at[4096];
	char *slash;
	int rc;

	snprintf(at, sizeof(at), "%s", folder);
	while ((rc = statvfs(at, &st)) < 0 && errno == ENOENT && (slash = strrchr(at, '/')) != NULL)
		snprintf(slash, 2, "%s", slash == at ? "/" : "");
	if (rc < 0)
		return fail(e, errno, "ask how much room %s has: %m", at);
	kib = (unsigned long long)st.f_bavail * st.f_frsize >> 10;
	if (st.f_blocks > 0 && kib < p->limits.free_kib) /* 0: the file system does not say, as ramfs */
		return fail(e, ENOSPC, "%s is full: %llu KiB are left and %u must stay free (policy: limits.free_kib): make room, or move "
			    "the folder", folder, kib, p->limits.free_kib);
	if (st.f_files > 0 && st.f_favail == 0) /* 0: the file system has no such limit */
		return fail(e, ENOSPC, "%s is full: no more files can be made on its file system: remove some, or move the folder", folder);
	return 0;
}

int room_to_enforce(const struct policy *p, struct err *e)
{
	const char *const folders[] = { p->profiles, p->incidents, p->log, p->run };
	int rc = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && rc == 0; i++)
		rc = room_left(p, folders[i], e);
	return rc;
}
