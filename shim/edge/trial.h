/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trial.h - can thymus run a container on this host?  It is tried: `thymus run` of /bin/true over this host's own programs, with
 * the policy's runtime, in mode learn (off where the policy says off).  Nothing of it stays, in the profiles neither.
 */
#ifndef THYMUS_TRIAL_H
#define THYMUS_TRIAL_H

#include "policy.h"

/* `unwatched`: why the container ran and was not watched; "": it was, or nobody wanted it. */
must_check int trial_run(const struct policy *p, const char *program, char unwatched[256], struct err *e);

#endif
