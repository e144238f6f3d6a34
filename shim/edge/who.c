/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "who.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void name_of(uid_t uid, char ret[64])
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	while (file && (entry = fgetpwent(file)) != NULL)
		if (entry->pw_uid == uid) {
			snprintf(ret, 64, "%.63s", entry->pw_name);
			break;
		}
	if (file)
		fclose(file);
}

/* The uid of the login, which su and sudo leave alone (audit_setloginuid(3)). */
static uid_t login_uid(void)
{
	FILE *file = fopen("/proc/self/loginuid", "re");
	unsigned uid = (unsigned)-1;

	if (file && fscanf(file, "%u", &uid) != 1)
		uid = (unsigned)-1;
	if (file)
		fclose(file);
	return uid;
}

void who_am_i(struct who *ret)
{
	const char *sudo = getenv("SUDO_USER");
	uid_t login = login_uid();

	*ret = (struct who){ .uid = getuid() };
	name_of(ret->uid, ret->user);
	if (sudo && *sudo)
		snprintf(ret->by, sizeof(ret->by), "sudo: %.50s", sudo);
	else if (login != (uid_t)-1 && login != ret->uid)
		name_of(login, ret->by);
}
