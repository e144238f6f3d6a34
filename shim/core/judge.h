/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - what one system call means, given what is known.  Shared with BPF.
 *
 * The kernel and `thymus replay` judge with this one header, so that a replayed trace gives the
 * live verdicts bit by bit.  No clock, no memory, no look-up in here: the caller pushes the call,
 * asks its set how deep the run is known, and gets the verdict.
 */
#ifndef THYMUS_JUDGE_H
#define THYMUS_JUDGE_H

#include "gram.h"

/* Classes of a call: a table made from calls.c, one byte per call number. */
enum {
	CALL_ACTING   = 1, /* does something outside the process: open, exec, connect, rename ... */
	CALL_QUIET    = 2, /* never alarms by itself: first seen at a reload or a stop */
	CALL_LEFT_OUT = 4, /* in no window: vDSO-able calls and restart_syscall come at random */
	CALL_FLOOR    = 8, /* no profile can teach it: module loading, kexec, bpf ... */
	CALL_FLOOR_ARGS = 16, /* a floor call only with certain register values: floor_by_rule() */
};

/* A call is on the floor when its first argument has a bit of mask0 and, unless mask1 is 0, its
 * second one has a bit of mask1.  The table is calls.c's; the sensor gets it before it is loaded.
 */
#define FLOOR_RULES 4
struct floor_rule {
	u64 mask0, mask1;
	s32 call; /* native number, -1: none */
	u32 pad;
};

static inline int floor_by_rule(const struct floor_rule *r, u32 call, u64 arg0, u64 arg1)
{
	return (s32)call == r->call && (arg0 & r->mask0) && (!r->mask1 || (arg1 & r->mask1));
}

/* Verdict bits.  0 is calm. */
enum {
	VERDICT_EXEC   = 1 << 0, /* tier 1: an executable never learned */
	VERDICT_CALL   = 1 << 1, /* tier 1: a call never learned for the executable */
	VERDICT_ABI    = 1 << 2, /* tier 1: a foreign ABI */
	VERDICT_FLOOR  = 1 << 3, /* tier 1: a floor call */
	VERDICT_LEFT   = 1 << 4, /* tier 1: left the container's cgroup by its own doing */
	VERDICT_BIGRAM = 1 << 5, /* tier 2, g2: unseen bigram that ends in an acting call */
	VERDICT_PAIR   = 1 << 6, /* tier 2, p2: unseen bigram over the acting calls alone */
	VERDICT_TRIPLE = 1 << 7, /* tier 2, p3: unseen trigram over the acting calls alone */
	VERDICT_TRIGRAM = 1 << 8, /* tier 3, g3: unseen trigram that ends in an acting call */
	VERDICT_SCORE  = 1 << 9, /* tier 3: the graded score crossed its threshold */
	VERDICT_BLIND  = 1 << 10, /* events of this thread were lost */
};
#define VERDICT_TIER1 (VERDICT_EXEC | VERDICT_CALL | VERDICT_ABI | VERDICT_FLOOR | VERDICT_LEFT)
#define VERDICT_TIER2 (VERDICT_BIGRAM | VERDICT_PAIR | VERDICT_TRIPLE)
#define VERDICT_TIER3 (VERDICT_TRIGRAM | VERDICT_SCORE)

#define ACTING_ORDER 3 /* runs over the acting calls alone are at most this long */
#define SCORE_OFF    0x7fffffff /* a threshold that nothing crosses */
#define DRIFT_CALLS  4096 /* after so many calls of a thread what drifted counts half */
#define DRIFT_PRIOR  50   /* calls that a thread is taken to have made without any cost */
#define DRIFT_SCALE  8    /* of the mean cost a call, against the leaky sum */

/* What a thread carries from call to call. */
struct thread {
	u64 window;       /* the last six tokens */
	u64 acting;       /* the last tokens that were acting calls (GRAM_ACTING is not in it) */
	u64 saved_window; /* what a signal handler interrupted */
	u64 saved_acting;
	s32 score;        /* the graded score: the larger of burst and drift, 1/256 bit */
	s32 burst;        /* leaky sum of costs over some 16 calls */
	u32 drift;        /* sum of costs ... */
	u16 calls;        /* ... over so many calls */
	u16 program;      /* index of the executable; 0: unknown */
	u8  handlers;     /* signal handlers entered and not yet left */
	u8  flags;        /* THREAD_* */
	u8  depth;        /* known tokens that the window ended in */
	u8  saved_depth;
};
enum {
	THREAD_SESSION = 1, /* began as an `exec` session of the engine, not as the workload */
	THREAD_JOINING = 2, /* a runtime's process on its way into the container: not judged */
};

/* How the graded score weighs: cost[d] where a known run breaks off to d calls (1/256 bit;
 * cost[order] is 0), alarm when the score exceeds theta. */
struct weights {
	s32 cost[GRAM_ORDER_MAX + 2]; /* a power of two, so that a mask bounds the index */
	s32 theta;
};

/* Push one call.  False: the call is in no window, nothing to look up or to judge. */
static inline int thread_push(struct thread *t, u32 token, u32 class)
{
	if (class & (CALL_LEFT_OUT | CALL_FLOOR))
		return 0;
	t->window = gram_push(t->window, token);
	if (class & CALL_ACTING)
		t->acting = gram_push(t->acting, token) &
			    ~((u64)GRAM_TOKEN << (GRAM_BITS * (GRAM_ORDER_MAX - 1)));
	return 1;
}

/* execve succeeded: both windows restart with the boundary, under the new program. */
static inline void thread_exec(struct thread *t, u32 program)
{
	t->window = TOKEN_EXEC;
	t->acting = TOKEN_EXEC;
	t->saved_window = 0;
	t->saved_acting = 0;
	t->handlers = 0;
	t->score = 0;
	t->burst = 0;
	t->drift = 0;
	t->calls = 0;
	t->depth = 1;
	t->program = (u16)program;
}

/* A handler is about to run: its calls start a window of their own and must not join the one
 * it interrupted (signals come at random).  Only the outermost is kept; deeper ones nest. */
static inline void thread_signal(struct thread *t)
{
	if (t->handlers == 0) {
		t->saved_window = t->window;
		t->saved_acting = t->acting;
		t->saved_depth = t->depth;
		t->window = TOKEN_SIGNAL; /* a handler's first call has a past too: who traps before each call hides nothing */
		t->acting = TOKEN_SIGNAL;
		t->depth = 1;
	}
	if (t->handlers < 255)
		t->handlers++;
}

/* rt_sigreturn was judged: the interrupted window goes on.  A handler left by longjmp never
 * comes here; its window simply goes on. */
static inline void thread_sigreturn(struct thread *t)
{
	if (t->handlers == 0 || --t->handlers != 0)
		return;
	t->window = t->saved_window;
	t->acting = t->saved_acting;
	t->depth = t->saved_depth;
}

/* Events of this thread were lost: what follows has no known history. */
static inline void thread_blind(struct thread *t)
{
	t->window = 0;
	t->acting = 0;
	t->handlers = 0;
	t->depth = 0;
	t->score = 0;
	t->burst = 0;
	t->drift = 0;
	t->calls = 0;
}

/* The graded score after a call whose longest known suffix has `depth` tokens.  Only where a known
 * run breaks off something is charged: after the break the known suffix grows by one each call,
 * which tells nothing more; were that charged too, one odd call would weigh as much as six.  Two
 * views of the costs: a leaky sum that a burst of some 16 calls fills, and the mean since the
 * thread began, which sees what a patient attacker lets leak away. */
static inline void judge_score(struct thread *t, u32 order, u32 length, u32 depth,
			       const struct weights *w)
{
	u32 most = t->depth + 1u < length ? t->depth + 1u : length;
	s32 cost = depth < most ? w->cost[depth & 7] : 0;

	t->depth = (u8)(depth < order ? depth : order);
	t->burst += (cost - t->burst) >> 4;
	t->drift += (u32)cost;
	if (++t->calls >= DRIFT_CALLS) {
		t->drift >>= 1;
		t->calls >>= 1;
	}
	t->score = (s32)(t->drift * DRIFT_SCALE / (t->calls + DRIFT_PRIOR));
	if (t->score < t->burst)
		t->score = t->burst;
}

/* Verdict of a pushed call.  `depth`: tokens of the longest known suffix of t->window, 0..order;
 * `acting_depth`: likewise of t->acting among the acting runs, 0..ACTING_ORDER (only asked for
 * acting calls).  Short windows are judged by the orders they can fill.  Updates t->score. */
static inline u32 judge_call(struct thread *t, u32 class, u32 order, u32 depth, u32 acting_depth,
			     const struct weights *w)
{
	u32 length = gram_length(t->window, order), verdict = 0;
	s32 before = t->score;

	if (depth > length)
		depth = length;
	if (depth == 0 && !(class & CALL_QUIET))
		verdict |= VERDICT_CALL;
	if (class & CALL_ACTING) {
		u32 acting = gram_length(t->acting, ACTING_ORDER);

		if (depth < 2 && length >= 2)
			verdict |= VERDICT_BIGRAM;
		if (depth < 3 && length >= 3)
			verdict |= VERDICT_TRIGRAM;
		if (acting_depth < 2 && acting >= 2)
			verdict |= VERDICT_PAIR;
		if (acting_depth < 3 && acting >= 3)
			verdict |= VERDICT_TRIPLE;
	}
	judge_score(t, order, length, depth, w);
	if (t->score > w->theta && before <= w->theta)
		verdict |= VERDICT_SCORE;
	return verdict;
}

#endif
