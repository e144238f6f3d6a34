/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.h - write what the sensor saw as a trace (docs/TRACE.md), without its verdicts, and hash the verdicts: the
 * replay of that trace must give the same hash.
 */
#ifndef THYMUS_RECORDER_H
#define THYMUS_RECORDER_H

#include "event.h"
#include "err.h"
#include "policy.h"

struct monitor;
struct recorder;

/* Into TRACES/ID.trace; it ends early where the policy's limits or the disk say so. */
must_check int recorder_open(const struct policy *p, const char *id, struct recorder **ret, struct err *e);
void recorder_event(struct recorder *r, struct monitor *m, const struct event *ev);
void recorder_flush(struct recorder *r);
void recorder_end(struct recorder *r, u64 lost); /* no event comes any more; `lost`: in the whole life */
void recorder_close(struct recorder *r);

/* Why it ended early, in words, once; NULL: it has not, or it was told. */
const char *recorder_ended(struct recorder *r);
bool recorder_is_whole(const struct recorder *r);

#endif
