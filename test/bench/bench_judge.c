/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_judge.c - ns per judged call, per learned call and per line of a trace, in user space: what
 * `thymus replay` costs.  (The same judge.h runs in the kernel, over other tables: test/bench/percall.)
 *
 * The workload is made up: a walk over some calls where each has a few successors, always the same
 * ones for the same seed.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "calls.h"
#include "model.h"
#include "trace.h"

#define ORDER      3
#define KINDS      60      /* different calls of the workload */
#define SUCCESSORS 3       /* of each */
#define WALK       200000  /* calls per block: some ms */
#define BLOCKS     15      /* the best counts: other jobs make a block slower, never faster */
#define ODD        5       /* percent of calls that are random, in the walk that deviates */

struct walk {
	u16 call[WALK];
};

struct bench {
	struct model *model;
	u8  classes[CALLS_MAX];
	struct weights weights;
	struct walk known, odd;
	u32 sink; /* what the timed loops found, so that none is optimized away */
};

static u32 next_random(u32 *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 16;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void make_walk(struct walk *w, u32 odd)
{
	u32 state = 1, at = 0;

	for (u32 i = 0; i < WALK; i++) {
		u32 step = next_random(&state) % SUCCESSORS;

		at = next_random(&state) % 100 < odd ? next_random(&state) % KINDS
						     : (at * 7 + step * 11 + 1) % KINDS;
		w->call[i] = (u16)at;
	}
}

static int learn(struct bench *b, struct err *e)
{
	struct thread t = { 0 };
	int rc = 0;

	thread_exec(&t, 1);
	for (u32 i = 0; rc == 0 && i < WALK; i++) {
		u32 class = b->classes[b->known.call[i]];

		if (thread_push(&t, token_of(b->known.call[i]), class))
			rc = model_learn(b->model, &t, class, ORDER, unit_id(1, 1), e);
	}
	return rc;
}

static void judge(struct bench *b, const struct walk *w)
{
	struct thread t = { 0 };

	thread_exec(&t, 1);
	for (u32 i = 0; i < WALK; i++) {
		u32 class = b->classes[w->call[i]], depth, acting = 0;

		if (!thread_push(&t, token_of(w->call[i]), class))
			continue;
		depth = model_depth(b->model, 1, t.window, ORDER);
		if (class & CALL_ACTING)
			acting = model_acting_depth(b->model, 1, t.acting);
		b->sink += judge_call(&t, class, ORDER, depth, acting, &b->weights) != 0;
	}
}

static int bench_learn(struct bench *b, struct err *e)
{
	double best = 1e18;

	for (int i = 0; i < BLOCKS; i++) {
		double start = now_ns(), took;
		int rc = learn(b, e);

		if (rc < 0)
			return rc;
		took = now_ns() - start;
		best = took < best ? took : best;
	}
	printf("%-44s %8.1f ns\n", "learn a call, known already", best / WALK);
	return 0;
}

static void bench_judge(struct bench *b, const struct walk *w, const char *what)
{
	double best = 1e18;
	u32 found = 0;

	for (int i = 0; i < BLOCKS; i++) {
		double start = now_ns(), took;

		b->sink = 0;
		judge(b, w);
		took = now_ns() - start;
		best = took < best ? took : best;
		found = b->sink;
	}
	printf("%-44s %8.1f ns   (%.2f %% deviate)\n", what, best / WALK, 100.0 * found / WALK);
}

static int bench_parse(const char *text, const char *what, struct err *e)
{
	enum { LINES = 20000 };
	struct trace_line line;
	size_t length = strlen(text);
	double best = 1e18;

	for (int i = 0; i < BLOCKS; i++) {
		double start = now_ns(), took;

		for (int n = 0; n < LINES; n++) {
			int rc = trace_parse(text, length, &line, e);

			if (rc < 0)
				return rc;
		}
		took = now_ns() - start;
		best = took < best ? took : best;
	}
	printf("%-44s %8.1f ns\n", what, best / LINES);
	return 0;
}

static int run(struct bench *b, struct err *e)
{
	int rc = model_new(&b->model, e);

	calls_classes(b->classes, NULL);
	b->weights = (struct weights){ .cost = { 2560, 1280, 512 }, .theta = SCORE_OFF };
	make_walk(&b->known, 0);
	make_walk(&b->odd, ODD);
	if (rc == 0)
		rc = learn(b, e);
	if (rc < 0)
		return rc;
	printf("# %zu n-grams of up to %d calls\n", model_count(b->model), ORDER);
	rc = bench_learn(b, e);
	bench_judge(b, &b->known, "judge a call, all of them known");
	bench_judge(b, &b->odd, "judge a call, some of them odd");
	if (rc == 0)
		rc = bench_parse("12 257", "parse a line of a trace: a call", e);
	if (rc == 0)
		rc = bench_parse("12 0 250", "parse a line of a trace: a repeated call", e);
	if (rc == 0)
		rc = bench_parse("x 12 /usr/sbin/nginx nginx", "parse a line of a trace: an execution", e);
	return rc;
}

int main(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct err e;
	int rc = b ? run(b, &e) : fail(&e, ENOMEM, "out of memory");

	if (rc < 0)
		fprintf(stderr, "bench_judge: %s\n", e.text);
	if (b)
		model_free(b->model);
	free(b);
	return rc < 0;
}
