/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace_room.h - all traces together stay within the policy's limit: the oldest go first.
 *
 * Who writes a trace holds a lock on it (trace_hold()), and such a one is never removed.
 */
#ifndef THYMUS_TRACE_ROOM_H
#define THYMUS_TRACE_ROOM_H

#include "policy.h"

/* For as long as `fd` is open in any process. */
void trace_hold(int fd);

/* Room for `more` bytes.  false: all that is left is being written, or cannot be removed. */
bool trace_room(const struct policy *p, unsigned long long more);

#endif
