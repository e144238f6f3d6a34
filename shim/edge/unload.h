/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unload.h - leave the kernel as it was before the first container: sensors, their pins, our cgroup. */
#ifndef THYMUS_UNLOAD_H
#define THYMUS_UNLOAD_H

#include <stdbool.h>

#include "json.h"
#include "policy.h"

struct unload_wish {
	bool dry;   /* only say who needs what */
	bool force; /* end the monitors first: their containers run on, watched by nobody */
};

/* { "users": [ { "build", "container", "cgroup", "frozen" } ], "removed": [ BUILD ] }.  What has users stays. */
must_check int unload(const struct policy *p, const struct unload_wish *w, struct json **ret, struct err *e);

#endif
