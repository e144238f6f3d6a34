/* SPDX-License-Identifier: GPL-2.0-or-later */
/* privs.h - what keeper and monitor can still do once they are attached. */
#ifndef THYMUS_PRIVS_H
#define THYMUS_PRIVS_H

#include "err.h"

/* Drop every capability but those that watching, judging and stopping one's containers takes, for good:
 * from the bounding set too, with no_new_privs (capabilities(7)). */
must_check int privs_drop(struct err *e);

#endif
