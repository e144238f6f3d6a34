/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evaluate.c - how well does the graded score tell attacks from normal use?
 *
 * Reads labelled traces from standard input, one a line:
 *
 *   train|val|attack <TAB> family <TAB> scenario <TAB> name <TAB> call call ...
 *
 * learns from `train`, scores the others as the product would (judge.h), and prints one line.
 * Numbers of calls are taken as they are, whatever machine they come from: the score does not ask
 * what a call does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

#define CALLS_OF_ALL 0 /* no call is acting, quiet or left out */

/* The least that a change of the score must keep. */
#define LEAST_AUC  0.82
#define LEAST_DR5  26.0
#define LEAST_DR20 70.0

struct trace {
	char  split; /* t, v or a */
	u32   count;
	u16  *calls;
};

struct set {
	struct trace *traces;
	size_t count;
};

struct scores {
	double *of; /* ascending */
	size_t count;
};

static int read_calls(char *text, struct trace *t, struct err *e)
{
	char *end;

	t->calls = malloc((strlen(text) / 2 + 1) * sizeof(*t->calls));
	if (!t->calls)
		return fail(e, ENOMEM, "out of memory");
	for (char *at = text;; at = end) {
		unsigned long call = strtoul(at, &end, 10);

		if (end == at)
			break;
		if (call > UINT16_MAX)
			return fail(e, ERANGE, "call %lu is no number of a system call", call);
		t->calls[t->count++] = (u16)call;
	}
	return *end == '\0' || *end == '\n'
		       ? 0
		       : fail(e, EINVAL, "\"%.20s\" is no number of a call", end);
}

static int read_trace(char *line, struct trace *t, struct err *e)
{
	char *text = line;

	for (int tabs = 0; tabs < 4; tabs++) {
		text = strchr(text, '\t');
		if (!text)
			return fail(e, EINVAL, "a line has five columns with a tab between");
		*text++ = '\0';
	}
	if (strcmp(line, "train") != 0 && strcmp(line, "val") != 0 && strcmp(line, "attack") != 0)
		return fail(e, EINVAL,
			    "the first column is \"%.20s\", must be train, val or attack", line);
	t->split = line[0];
	return read_calls(text, t, e);
}

static int read_set(struct set *s, struct err *e)
{
	auto_free char *line = NULL;
	size_t room = 0;
	int rc = 0;

	while (rc == 0 && getline(&line, &room, stdin) > 0) {
		struct trace *more = realloc(s->traces, (s->count + 1) * sizeof(*more));

		if (!more)
			return fail(e, ENOMEM, "out of memory");
		s->traces = more;
		more[s->count] = (struct trace){ 0 };
		rc = read_trace(line, &more[s->count++], e);
	}
	return rc;
}

static void set_done(struct set *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->traces[i].calls);
	free(s->traces);
}

/* One contributor; every trace is a unit of its own, as a second would be. */
static int learn(const struct set *s, struct profile *p, struct err *e)
{
	u32 unit = 0, program;
	u64 calls = 0;
	int rc = profile_add_program(p, "/evaluated", "evaluated", false, &program, e);

	for (size_t i = 0; i < s->count && rc == 0; i++) {
		const struct trace *t = &s->traces[i];
		struct thread thread = { .program = 1 };

		if (t->split != 't')
			continue;
		unit++;
		for (u32 j = 0; j < t->count && rc == 0; j++, calls++) {
			thread_push(&thread, token_of(t->calls[j]), CALLS_OF_ALL);
			rc = model_learn(p->model, &thread, CALLS_OF_ALL, p->order,
					 unit_id(1, unit), e);
		}
	}
	p->contributors = calloc(1, sizeof(*p->contributors));
	if (rc == 0 && !p->contributors)
		return fail(e, ENOMEM, "out of memory");
	if (rc < 0)
		return rc;
	p->ncontributors = 1;
	p->contributors[0].id = 1;
	p->contributors[0].calls = calls;
	return unit ? 0 : fail(e, EINVAL, "no train line to learn from");
}

/* The highest score that the trace's thread ever had: what a threshold would have to exceed. */
static double score(const struct profile *p, const struct weights *w, const struct trace *t)
{
	struct thread thread = { .program = 1 };
	s32 most = 0;

	for (u32 i = 0; i < t->count; i++) {
		thread_push(&thread, token_of(t->calls[i]), CALLS_OF_ALL);
		judge_call(&thread, CALLS_OF_ALL, p->order,
			   model_depth(p->model, 1, thread.window, p->order), 0, w);
		if (thread.score > most)
			most = thread.score;
	}
	return most / 256.0;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int score_all(const struct profile *p, const struct set *s, char split, struct scores *ret,
		     struct err *e)
{
	struct weights w;

	profile_weights(p, &w);
	ret->of = calloc(s->count, sizeof(*ret->of));
	if (!ret->of)
		return fail(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < s->count; i++)
		if (s->traces[i].split == split)
			ret->of[ret->count++] = score(p, &w, &s->traces[i]);
	qsort(ret->of, ret->count, sizeof(*ret->of), ascending);
	return ret->count ? 0
			  : fail(e, EINVAL, "no %s line to score", split == 'v' ? "val" : "attack");
}

/* The chance that an attack scores higher than normal use; a tie is half a chance. */
static double area(const struct scores *normal, const struct scores *attack)
{
	size_t below = 0, upto = 0;
	double sum = 0;

	for (size_t i = 0; i < attack->count; i++) {
		while (below < normal->count && normal->of[below] < attack->of[i])
			below++;
		while (upto < normal->count && normal->of[upto] <= attack->of[i])
			upto++;
		sum += (double)below + (double)(upto - below) / 2;
	}
	return sum / (double)attack->count / (double)normal->count;
}

/* Per cent of attacks over the lowest threshold that at most `percent` of normal use exceeds. */
static double detected(const struct scores *normal, const struct scores *attack, double percent)
{
	size_t exceed = (size_t)(percent / 100 * (double)normal->count), over = 0;
	double threshold = normal->of[normal->count - 1 - exceed];

	for (size_t i = 0; i < attack->count; i++)
		over += attack->of[i] > threshold;
	return 100.0 * (double)over / (double)attack->count;
}

/* 0, or 1 when the score fell below what it must keep. */
static int report(const struct scores *normal, const struct scores *attack)
{
	static const double percents[] = { 0.5, 1, 5, 10, 20 };
	double auc = area(normal, attack);

	printf("auc=%.3f", auc);
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
		printf(" dr@%g=%.1f", percents[i], detected(normal, attack, percents[i]));
	printf("\n");
	return auc < LEAST_AUC || detected(normal, attack, 5) < LEAST_DR5 ||
	       detected(normal, attack, 20) < LEAST_DR20;
}

int main(void)
{
	__attribute__((cleanup(set_done))) struct set set = { 0 };
	auto_of(profile) struct profile *p = NULL;
	struct scores normal = { 0 }, attack = { 0 };
	struct err e;
	int rc = read_set(&set, &e);

	if (rc == 0)
		rc = profile_new("evaluation", "evaluated", "none", "any", GRAM_ORDER_MAX, &p, &e);
	if (rc == 0)
		rc = learn(&set, p, &e);
	if (rc == 0)
		rc = score_all(p, &set, 'v', &normal, &e);
	if (rc == 0)
		rc = score_all(p, &set, 'a', &attack, &e);
	if (rc < 0)
		fprintf(stderr, "evaluate: %s\n", e.text);
	rc = rc < 0 ? 2 : report(&normal, &attack);
	free(normal.of);
	free(attack.of);
	return rc;
}
