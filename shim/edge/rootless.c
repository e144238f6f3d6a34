/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootless.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define INITIAL_NAMESPACE 0xEFFFFFFDu /* PROC_USER_INIT_INO: the same on every kernel */
#define OVERFLOW_UID      65534u      /* where /proc/sys does not say it */

static bool in_user_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino != INITIAL_NAMESPACE;
}

bool rootless(void)
{
	return geteuid() != 0 || in_user_namespace();
}

/* A rootless engine runs us as root of its own user namespace, and uid_map (user_namespaces(7)) tells whose that is. */
unsigned long rootless_uid(void)
{
	unsigned long inside, outside, count, uid = geteuid();
	auto_free char *text = NULL;
	struct err ignored;
	size_t len;

	if (file_read("/proc/self/uid_map", 1 << 20, &text, &len, &ignored) < 0)
		return uid;
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3 &&
		    uid >= inside && uid - inside < count)
			return outside + (uid - inside);
	}
	return uid;
}

/* Whoever has no number in a user namespace is shown as this one. */
static uid_t overflow_uid(void)
{
	auto_free char *text = NULL;
	struct err ignored;
	size_t len;

	if (file_read("/proc/sys/kernel/overflowuid", 64, &text, &len, &ignored) < 0)
		return OVERFLOW_UID;
	return (uid_t)strtoul(text, NULL, 10);
}

bool rootless_trusts(uid_t owner)
{
	return owner == 0 || owner == geteuid() || (in_user_namespace() && owner == overflow_uid());
}

int rootless_admit(enum mode mode, struct err *e)
{
	if (mode == MODE_ENFORCE)
		return fail(e, EPERM, "user %lu is not root, and nobody could enforce what this container does: start it as root, or "
			    "say another mode for it in the policy", rootless_uid());
	(void)!fail(e, EPERM, "user %lu is not root: the container is not watched", rootless_uid());
	return 0;
}
