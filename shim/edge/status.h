/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status.h - gather what `thymus status` says: containers from RUN, profiles from the store. */
#ifndef THYMUS_STATUS_H
#define THYMUS_STATUS_H

#include "policy.h"

/* { "stopped": [..], "said": [..], "said_unreadable": "", "containers": [..], "profiles": [..] }, see docs/man/thymus.8.  What cannot be
 * read is told in a row of its own, and hides nothing else. */
must_check int status_collect(const struct policy *p, struct json **ret, struct err *e);

/* The profiles alone, as an array. */
must_check int status_profiles(const struct policy *p, struct json **ret, struct err *e);

#endif
