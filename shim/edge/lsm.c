/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lsm.h"

#include "file.h"

static char first_of(const char *path)
{
	auto_free char *text = NULL;
	struct err ignored;
	size_t len;

	return file_read(path, 4096, &text, &len, &ignored) == 0 && len > 0 ? text[0] : '\0';
}

const char *lsm_in_force(void)
{
	/* selinuxfs is mounted only where it is on */
	switch (first_of("/sys/fs/selinux/enforce")) {
	case '1': return "selinux (enforcing)";
	case '0': return "selinux (permissive)";
	default: return first_of("/sys/module/apparmor/parameters/enabled") == 'Y' ? "apparmor" : "none";
	}
}
