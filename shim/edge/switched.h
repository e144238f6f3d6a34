/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switched.h - what people said with `thymus mode`, entry by entry: who, when, for whom.  override.h says what counts. */
#ifndef THYMUS_SWITCHED_H
#define THYMUS_SWITCHED_H

#include "policy.h"

/* Does anything that is in force ask for this mode, for whomever? */
bool switched_to(const struct policy *p, enum mode mode);

/* The entry in force for a container, by its folder (state_folder()) and its workload's name: in `*doc`, which the caller
 * frees.  `*whom`: "all", "container" or "name".  NULL: nothing was said. */
const struct json *switched_for(const struct policy *p, const char *folder, const char *name, struct json **doc,
				const char **whom);

#endif
