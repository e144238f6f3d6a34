/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control.h - act on a monitored container from outside its monitor: needs no daemon and no
 * engine, only the pinned maps and the cgroup.
 */
#ifndef THYMUS_CONTROL_H
#define THYMUS_CONTROL_H

#include "policy.h"
#include "state.h"

struct sensor;

/* Put a mode in force now (learn is refused for a container that is not learning). */
must_check int control_mode(const struct policy *p, const struct state *s, enum mode mode, struct err *e);

/* Undo freeze: lift condemnation, SIGCONT to what the sensor stopped, thaw. */
must_check int control_release(const struct policy *p, const struct state *s, struct err *e);

/* Give back the sensor's place of a container that has ended, where its keeper died without doing so. */
void control_forget(const struct policy *p, const struct state *s);

/* Is the container's cgroup frozen or its flag condemned, now? */
bool control_is_stopped(const struct policy *p, const struct state *s);

/* What the sensor counts, as it is now: the monitor writes its file only when there is news.  `sensor` (NULL: there is none) is
 * opened once for all containers by control_sensor(). */
void control_refresh(const struct policy *p, struct sensor *sensor, struct state *s);
struct sensor *control_sensor(const struct policy *p);

#endif
