/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mode_switch.h - `thymus mode`: act on what runs now, and remember it for what starts next.
 *
 * A word is a workload's name (NAME, where only one scope has it, or SCOPE/NAME) where a running container or a profile
 * bears it, else a container's
 * ID; an ID means this one container, also when it is started again, and nothing for others to come.
 */
#ifndef THYMUS_MODE_SWITCH_H
#define THYMUS_MODE_SWITCH_H

#include "policy.h"

struct mode_switch {
	const char *word;  /* NAME, SCOPE/NAME or ID; NULL: all */
	bool        back;  /* forget what was said, go back to what each container was asked for */
	enum mode   mode;  /* unless back */
	unsigned long long until; /* unix seconds, 0: for good */
};

/* `*ret`, which is set on failure of single containers too: {"mode", "target", "remembered", "until", "kept" (over a
 * reboot), "kept_why_not", "unreadable" (a sentence: what was said before is forgotten), "in_force" (for containers to
 * come), "containers": [{"id", "name", "mode", "done", "stopped", "words"}]}.  Every container is tried, and the first
 * failure is what comes back. */
must_check int mode_switch(const struct policy *p, const struct mode_switch *m, struct json **ret,
			   struct err *e);

/* A line for each container and one for what is remembered. */
void mode_switch_text(const struct json *result, struct buf *to);

#endif
