/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include "tap.h"

static const struct weights weights = {
	.cost = { 4096, 2048, 1024, 0, 0, 0, 0, 0 }, .theta = SCORE_OFF,
};

static u32 call(struct thread *t, u32 nr, u32 class, u32 depth, u32 acting_depth)
{
	if (!thread_push(t, token_of(nr), class))
		return 0;
	return judge_call(t, class, 3, depth, acting_depth, &weights);
}

static void test_rules(void)
{
	struct thread t = { 0 };

	thread_exec(&t, 1);
	ok(call(&t, 1, 0, 2, 0) == 0, "a known call is calm");
	ok(call(&t, 2, 0, 0, 0) == VERDICT_CALL, "a call never learned is hard");
	ok(call(&t, 3, CALL_QUIET, 0, 0) == 0, "a quiet call never alarms");
	ok(call(&t, 4, 0, 1, 0) == 0, "an unseen bigram that ends in no acting call is calm");
	ok(call(&t, 5, CALL_ACTING, 1, 3) == (VERDICT_BIGRAM | VERDICT_TRIGRAM),
	   "one that ends in an acting call is g2, and g3 too");
	ok(call(&t, 5, CALL_ACTING, 2, 3) == VERDICT_TRIGRAM, "an unseen trigram alone is g3");
	ok(call(&t, 5, CALL_ACTING, 3, 1) == (VERDICT_PAIR | VERDICT_TRIPLE), "p2 brings p3");
	ok(call(&t, 5, CALL_ACTING, 3, 2) == VERDICT_TRIPLE, "p3 alone");
	ok(call(&t, 5, CALL_ACTING, 3, 3) == 0, "all known: calm");
}

static void test_short_windows(void)
{
	struct thread t = { 0 };

	ok(call(&t, 5, CALL_ACTING, 1, 1) == 0, "a window of one call has no bigram to miss");
	ok(call(&t, 5, CALL_ACTING, 2, 2) == 0, "a window of two has no trigram to miss");
	ok(call(&t, 5, CALL_ACTING, 9, 9) == 0, "a depth beyond the window is the window's length");
	thread_exec(&t, 1);
	ok(call(&t, 5, CALL_ACTING, 1, 1) == (VERDICT_BIGRAM | VERDICT_PAIR),
	   "after exec the boundary counts: this call never came first");
}

static void test_left_out(void)
{
	struct thread t = { 0 };
	u64 window;

	thread_exec(&t, 1);
	window = t.window;
	ok(!thread_push(&t, 9, CALL_LEFT_OUT) && t.window == window,
	   "a left-out call enters no window");
	ok(!thread_push(&t, 9, CALL_FLOOR | CALL_ACTING) && t.window == window &&
		   t.acting == TOKEN_EXEC,
	   "nor does a floor call");
	for (int i = 0; i < 9; i++)
		thread_push(&t, 300, CALL_ACTING);
	ok(gram_last(t.acting >> (GRAM_BITS * (GRAM_ORDER_MAX - 1)), 1) == 0,
	   "the acting window leaves room for its mark");
}

static void test_signals(void)
{
	struct thread t = { 0 }, before;

	thread_exec(&t, 1);
	call(&t, 1, 0, 2, 0);
	before = t;
	thread_signal(&t);
	ok(t.window == TOKEN_SIGNAL && t.acting == TOKEN_SIGNAL, "a handler's calls begin a window of their own, at its boundary");
	thread_push(&t, 7, CALL_ACTING);
	thread_signal(&t);
	ok(gram_length(t.window, 6) == 2, "a nested handler goes on in it");
	thread_sigreturn(&t);
	ok(gram_length(t.window, 6) == 2, "until the outermost returns");
	thread_sigreturn(&t);
	ok(t.window == before.window && t.acting == before.acting && t.depth == before.depth,
	   "then the interrupted window goes on as if nothing had been");
	thread_sigreturn(&t);
	ok(t.window == before.window, "rt_sigreturn without a handler changes nothing");
	thread_blind(&t);
	ok(t.window == 0 && t.program == 1,
	   "after a loss there is no history, but still a program");
}

static void test_score(void)
{
	struct thread once = { 0 }, often = { 0 };
	s32 top;

	for (int i = 0; i < 3; i++)
		call(&once, 1, 0, 3, 0);
	ok(once.score == 0, "known runs cost nothing");
	call(&once, 2, 0, 0, 0);
	top = once.score;
	ok(top > 0, "a broken run costs");
	call(&once, 1, 0, 1, 0);
	call(&once, 1, 0, 2, 0);
	ok(once.burst < top && once.drift == 4096,
	   "growing back to a known run costs nothing more");
	for (int i = 0; i < 3; i++)
		call(&often, 1, 0, 3, 0);
	for (int i = 0; i < 100; i++)
		call(&often, 2, 0, 0, 0);
	ok(often.score > 4 * top && often.score < 8 * 4096,
	   "break after break adds up, within bounds");
	for (int i = 0; i < 200000; i++)
		call(&often, 1, 0, 3, 0);
	ok(often.score == 0 && often.burst == 0, "and is forgotten in the end");
}

static void test_threshold(void)
{
	struct weights low = weights;
	struct thread t = { 0 };
	int alarms = 0;

	low.theta = 500;
	for (int i = 0; i < 50; i++) {
		thread_push(&t, 2, 0);
		alarms += (judge_call(&t, CALL_QUIET, 3, 0, 0, &low) & VERDICT_SCORE) != 0;
	}
	ok(alarms == 1, "a crossing is told once, not at every call above");
}

static void test_patience(void)
{
	struct thread t = { 0 };
	s32 burst = 0;

	for (int i = 0; i < 4000; i++) {
		call(&t, 1, 0, i % 40 ? 3 : 0, 0);
		burst = t.burst > burst ? t.burst : burst;
	}
	ok(t.score > burst, "one odd call in forty leaks out of the burst and stays in the drift");
}

static void test_floor(void)
{
	static const struct floor_rule two = { .call = 5, .mask0 = 1, .mask1 = 8 };
	static const struct floor_rule any = { .call = 6, .mask0 = ~0ULL };

	ok(floor_by_rule(&two, 5, 1, 9) && !floor_by_rule(&two, 5, 1, 1) &&
		   !floor_by_rule(&two, 5, 2, 8),
	   "both masks must be met");
	ok(floor_by_rule(&any, 6, 1ULL << 63, 0) && !floor_by_rule(&any, 6, 0, ~0ULL),
	   "without a second mask the first argument decides");
	ok(!floor_by_rule(&any, 7, 1, 1), "another call is not meant");
}

int main(void)
{
	test_rules();
	test_short_windows();
	test_left_out();
	test_signals();
	test_score();
	test_threshold();
	test_patience();
	test_floor();
	return tap_end();
}
