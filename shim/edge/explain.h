/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - why a watched container is what it is to us: its identity and what it was found from, its mode and who
 * decided it, its profile.  From what was recorded when it was created, not from what would be found now.
 */
#ifndef THYMUS_EXPLAIN_H
#define THYMUS_EXPLAIN_H

#include "policy.h"

/* By ID or unique prefix: {"id", "root", "bundle", "key": {..}, "steps": [{"what", "used", "source", "words"}], "mode": {..},
 * "profile": {..}}. */
must_check int explain_collect(const struct policy *p, const char *id, struct json **ret, struct err *e);

#endif
