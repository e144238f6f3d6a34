/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replay.h - judge a trace by a profile as the kernel would have.
 *
 * Same header (judge.h), same order of steps, no clock: the verdicts of a recorded live run come
 * out bit by bit, and `hash` proves it.
 */
#ifndef THYMUS_REPLAY_H
#define THYMUS_REPLAY_H

#include "profile.h"
#include "trace.h"

/* One deviation.  What it points to lives until found() returns. */
struct replay_event {
	u64 ms;                        /* since the trace began */
	u32 life;                      /* of the thread, see verdict.h */
	u64 ordinal;
	u32 verdict;
	u32 depth, acting_depth;       /* what was known of the run, for verdicts on a run */
	const struct trace_line *line; /* where it happened */
	const struct thread *thread;   /* after the call; its program is an index of the profile */
};

struct life;

struct replay {
	/* the caller's */
	const struct profile *profile;
	const u8 *classes; /* CALLS_MAX, see calls_classes() */
	void (*found)(void *ctx, const struct replay_event *ev);
	void *ctx;
	/* results so far */
	u64 calls, deviations, hash;
	/* our own */
	struct weights weights;
	struct life *lives; /* by the trace's number of the thread */
	u32 room, born, sigreturn, main_program;
	u64 ms, realtime;
};

/* The caller's members are set; the others are set here. */
void replay_begin(struct replay *r);
must_check int replay_line(struct replay *r, const struct trace_line *l, struct err *e);
void replay_done(struct replay *r);

#endif
