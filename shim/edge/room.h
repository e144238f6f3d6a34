/* SPDX-License-Identifier: GPL-2.0-or-later */
/* room.h - is there room left on the file system of a folder? */
#ifndef THYMUS_ROOM_H
#define THYMUS_ROOM_H

#include "policy.h"

/* What policy wants to stay free is free, where `folder` (or the nearest above it that there is) lies.  -ENOSPC: the sentence
 * names it. */
must_check int room_left(const struct policy *p, const char *folder, struct err *e);

/* ... for all that is written of an enforced container. */
must_check int room_to_enforce(const struct policy *p, struct err *e);

#endif
