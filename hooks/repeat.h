/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * repeat.h - equal deviations are one line, and then their number.
 *
 * The first is told at once; the others are counted, by the sensor where it can, and written as a line
 * "repeat" each limits.repeat_seconds and at the end.  The table is of fixed size, in the memory that outlives
 * a monitor: what finds no room in it is a number too (line "flood").  So a container that never
 * does the same twice costs the host no more than one that does.
 */
#ifndef THYMUS_REPEAT_H
#define THYMUS_REPEAT_H

#include "monitor.h"

/* Does this deviation get a line of its own?  `gram`, `acting`: what makes it equal to another (event.h). */
bool repeat_is_first(struct monitor *m, const struct event *ev, u64 gram, u64 acting);

/* One that has a line of its own anyhow, or that is learned. */
void repeat_pass(struct monitor *m, bool learned);

/* Write what is due; `last`: all. */
void repeat_write(struct monitor *m, bool last);

#endif
