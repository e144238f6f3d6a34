/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privs.h"

#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static const cap_value_t kept[] = {
	CAP_SYS_ADMIN,    /* fanotify marks; BPF before 5.8 */
	CAP_BPF,          /* maps: a model handed over, a ring */
	CAP_PERFMON,      /* the iterator that identifies files */
	CAP_SYS_PTRACE,   /* /proc of a container's processes: root, maps, descriptors */
	CAP_DAC_OVERRIDE, /* files of other users in the container's root; cgroup files */
	CAP_KILL,         /* stop and continue them */
};
enum { KEPT = sizeof(kept) / sizeof(kept[0]) };

static bool is_kept(cap_value_t cap)
{
	for (int i = 0; i < KEPT; i++)
		if (kept[i] == cap)
			return true;
	return false;
}

int privs_drop(struct err *e)
{
	cap_t caps = cap_get_proc(), mine = cap_init();
	int rc = 0;

	/* what this host never gave us cannot be asked for: containers of CI lack some */
	for (int i = 0; caps && mine && i < KEPT; i++) {
		cap_flag_value_t has = CAP_CLEAR;

		if (cap_get_flag(caps, kept[i], CAP_PERMITTED, &has) == 0 && has == CAP_SET) {
			cap_set_flag(mine, CAP_PERMITTED, 1, &kept[i], CAP_SET);
			cap_set_flag(mine, CAP_EFFECTIVE, 1, &kept[i], CAP_SET);
		}
	}
	for (cap_value_t cap = 0; cap < 64; cap++) /* needs CAP_SETPCAP, so before the rest is gone */
		if (!is_kept(cap) && CAP_IS_SUPPORTED(cap))
			(void)cap_drop_bound(cap);
	if (!caps || !mine || cap_set_proc(mine) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		rc = fail(e, errno, "drop capabilities: %m");
	cap_free(caps);
	cap_free(mine);
	return rc;
}
