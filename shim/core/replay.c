/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay.h"

#include <string.h>

#include "verdict.h"

/* A number of the trace, and the thread's life that has it now. */
struct life {
	struct thread thread;
	u32  number;
	u64  ordinal;
	bool alive;
	bool fresh; /* only named so far: a fork that follows tells how it came to be */
};

/* The program that ran in most seconds: who was there before the trace began is taken for it. */
static u32 main_program(const struct profile *p)
{
	u32 best = 0;
	u64 most = 0;

	for (u32 i = 1; i < p->nprograms; i++) {
		u64 units = 1;

		for (u32 c = 0; c < p->ncontributors; c++)
			units += p->contributors[c].units[i];
		if (!p->programs[i].session && units > most) {
			most = units;
			best = i;
		}
	}
	return best;
}

void replay_begin(struct replay *r)
{
	int sigreturn = calls_number("rt_sigreturn");

	r->calls = r->deviations = 0;
	r->hash = VERDICT_HASH;
	r->lives = NULL;
	r->room = r->born = 0;
	r->ms = r->realtime = 0;
	r->sigreturn = sigreturn < 0 ? CALLS_MAX : (u32)sigreturn;
	r->main_program = main_program(r->profile);
	profile_weights(r->profile, &r->weights);
}

void replay_done(struct replay *r)
{
	free(r->lives);
	r->lives = NULL;
	r->room = 0;
}

static void begin_life(struct replay *r, struct life *life, const struct thread *from)
{
	static const struct thread nobody;
	u32 number = life->alive && life->fresh ? life->number : r->born++;

	*life = (struct life){ .thread = from ? *from : nobody, .number = number, .alive = true };
}

static int reach(struct replay *r, u32 index, struct err *e)
{
	u32 room = r->room ? r->room : 64;
	struct life *lives;

	if (index < r->room)
		return 0;
	if (index >= TRACE_THREADS)
		return fail(e, ERANGE, "thread %u, a trace numbers them below %u", index,
			    TRACE_THREADS);
	while (room <= index)
		room *= 2;
	lives = realloc(r->lives, room * sizeof(*lives));
	if (!lives)
		return fail(e, ENOMEM, "out of memory for %u threads", room);
	memset(lives + r->room, 0, (room - r->room) * sizeof(*lives));
	r->lives = lives;
	r->room = room;
	return 0;
}

static void tell(struct replay *r, const struct life *life, struct replay_event ev)
{
	if (ev.verdict == 0)
		return;
	ev.ms = r->ms;
	ev.life = life->number;
	ev.ordinal = life->ordinal;
	ev.thread = &life->thread;
	verdict_hash_step(&r->hash, ev.life, ev.ordinal, ev.verdict);
	r->deviations++;
	if (r->found)
		r->found(r->ctx, &ev);
}

static void on_thread(struct replay *r, struct life *life, const struct trace_line *l)
{
	life->fresh = true;
	/* the kernel's comm is cut to 15 characters */
	for (u32 i = 1; i < r->profile->nprograms; i++) {
		const struct program *g = &r->profile->programs[i];
		const char *base = strrchr(g->path, '/');

		if (!g->session && strncmp(base ? base + 1 : g->path, l->text, 15) == 0) {
			life->thread.program = (u16)i;
			return;
		}
	}
	life->thread.program = (u16)r->main_program;
}

static u32 program_of(const struct replay *r, const struct trace_line *l)
{
	/* a changed file is another program under a known name */
	return l->changed ? 0 : profile_program(r->profile, l->text, l->name, l->session);
}

static void on_exec(struct replay *r, struct life *life, const struct trace_line *l)
{
	u32 program = program_of(r, l);

	thread_exec(&life->thread, program);
	if (l->session)
		life->thread.flags |= THREAD_SESSION;
	if (program == 0)
		tell(r, life, (struct replay_event){ .verdict = VERDICT_EXEC, .line = l });
}

/* Allowed by a person for a while: told to the learner, not judged. */
static bool is_open(const struct replay *r, const struct thread *t)
{
	return r->realtime > 0 &&
	       r->profile->programs[t->program].open_until > r->realtime + r->ms / 1000;
}

static void judge(struct replay *r, struct life *life, const struct trace_line *l, u32 class)
{
	const struct model *m = r->profile->model;
	struct thread *t = &life->thread;
	struct replay_event ev = { .line = l };

	if (!thread_push(t, token_of(l->call), class))
		return;
	if (t->program != 0 && !is_open(r, t)) {
		ev.depth = model_depth(m, t->program, t->window, r->profile->order);
		if (class & CALL_ACTING)
			ev.acting_depth = model_acting_depth(m, t->program, t->acting);
		ev.verdict = judge_call(t, class, r->profile->order, ev.depth, ev.acting_depth,
					&r->weights);
		tell(r, life, ev);
	}
	if (l->call == r->sigreturn)
		thread_sigreturn(t);
}

static void on_call(struct replay *r, struct life *life, const struct trace_line *l)
{
	u32 class = l->call < CALLS_MAX ? r->classes[l->call] : 0, fixed = 0;

	if (l->abi != ABI_NATIVE)
		fixed = VERDICT_ABI;
	else if (class & CALL_LEFT_OUT)
		return;
	else if (l->kind == TRACE_FLOOR || class & CALL_FLOOR)
		fixed = VERDICT_FLOOR;
	for (u32 i = 0; i < l->count; i++) {
		r->calls++;
		life->ordinal++;
		if (fixed)
			tell(r, life, (struct replay_event){ .verdict = fixed, .line = l });
		else
			judge(r, life, l, class);
	}
}

static int on_fork(struct replay *r, u32 parent, u32 child, struct err *e)
{
	int rc = reach(r, child, e);

	if (rc < 0)
		return rc;
	/* by value: the child may have its parent's number, and a life that it ends */
	struct thread from = r->lives[parent].thread;
	begin_life(r, &r->lives[child], &from);
	return 0;
}

static void on_header(struct replay *r, const char *text)
{
	static const char key[] = "realtime=";

	/* when the trace began, in unix seconds: what was open then is open here */
	if (strncmp(text, key, sizeof(key) - 1) == 0)
		r->realtime = strtoull(text + sizeof(key) - 1, NULL, 10);
}

static int on_thread_line(struct replay *r, const struct trace_line *l, struct err *e)
{
	struct life *life = &r->lives[l->thread];

	switch (l->kind) {
	case TRACE_FORK:
		life->fresh = false;
		return on_fork(r, l->thread, l->other, e);
	case TRACE_EXEC:
		on_exec(r, life, l);
		break;
	case TRACE_RUNS:
		life->thread.program = (u16)program_of(r, l);
		break;
	case TRACE_SIGNAL:
		thread_signal(&life->thread);
		break;
	case TRACE_EXIT:
		life->alive = false;
		break;
	case TRACE_LOST:
		thread_blind(&life->thread);
		tell(r, life, (struct replay_event){ .verdict = VERDICT_BLIND, .line = l });
		break;
	case TRACE_LEFT:
		tell(r, life, (struct replay_event){ .verdict = VERDICT_LEFT, .line = l });
		break;
	default:
		on_call(r, life, l);
	}
	life->fresh = false;
	return 0;
}

int replay_line(struct replay *r, const struct trace_line *l, struct err *e)
{
	bool unborn;
	int rc;

	if (l->kind == TRACE_HEADER) {
		on_header(r, l->text);
		return 0;
	}
	if (l->kind == TRACE_TIME) {
		r->ms = l->value;
		return 0;
	}
	rc = reach(r, l->thread, e);
	if (rc < 0)
		return rc;
	unborn = !r->lives[l->thread].alive;
	if (unborn)
		begin_life(r, &r->lives[l->thread], NULL);
	if (l->kind != TRACE_THREAD)
		return on_thread_line(r, l, e);
	if (unborn)
		on_thread(r, &r->lives[l->thread], l);
	return 0;
}
