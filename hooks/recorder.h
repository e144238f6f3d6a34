/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.h - write what the sensor saw as a trace (docs/TRACE.md), without its verdicts, and hash the verdicts: the
 * replay of that trace must give the same hash.
 */
#ifndef THYMUS_RECORDER_H
#define THYMUS_RECORDER_H

#include "event.h"
#include "err.h"

struct monitor;
struct recorder;

/* Into FOLDER/ID.trace. */
must_check int recorder_open(const char *folder, const char *id, struct recorder **ret, struct err *e);
void recorder_event(struct recorder *r, struct monitor *m, const struct event *ev);
void recorder_flush(struct recorder *r);
void recorder_end(struct recorder *r, u64 lost); /* no event comes any more; `lost`: in the whole life */
void recorder_close(struct recorder *r);

#endif
