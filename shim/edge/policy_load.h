/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy_load.h - the policy from where the administrator keeps it.
 *
 * Who can write the policy decides what runs unwatched, so a file that anyone but root (or
 * ourselves) owns or may write is refused rather than obeyed.
 */
#ifndef THYMUS_POLICY_LOAD_H
#define THYMUS_POLICY_LOAD_H

#include "policy.h"

/* From `file`, which must outlive the policy; NULL: POLICY_FILE where it exists, else defaults. */
must_check int policy_load(const char *file, struct policy *ret, struct err *e);

/* What policy_rescue() finds in it, where policy_load() has failed; from a file that others may write: the defaults. */
void policy_load_rescue(const char *file, struct policy *ret);

#endif
