/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "verdict.h"

static struct err e;

/* Verdicts in the order found: "life.ordinal:words ". */
struct log {
	struct buf text;
};

static void note(void *ctx, const struct replay_event *ev)
{
	struct log *log = ctx;

	buf_printf(&log->text, "%u.%llu:", ev->life, (unsigned long long)ev->ordinal);
	verdict_words(ev->verdict, &log->text);
	buf_puts(&log->text, " ");
}

static u32 nr(const char *name)
{
	return (u32)calls_number(name);
}

/* "/a" opens, reads, reads, closes; "/a" as an exec session does nothing but read; the handler of a
 * signal writes. */
static struct profile *taught(const u8 *classes)
{
	const u32 run[] = { nr("openat"), nr("read"), nr("read"), nr("close"), nr("openat") };
	struct thread t = { 0 };
	struct profile *p = NULL;
	u32 index = 0, session = 0;

	if (profile_new("s", "n", "i", "a", 3, &p, &e) < 0 ||
	    profile_add_program(p, "/a", "a", false, &index, &e) < 0 ||
	    profile_add_program(p, "/a", "a", true, &session, &e) < 0)
		return NULL;
	thread_exec(&t, index);
	for (int i = 0; i < 5; i++) {
		thread_push(&t, token_of(run[i]), classes[run[i]]);
		if (model_learn(p->model, &t, classes[run[i]], 3, unit_id(1, 1), &e) < 0)
			return p;
	}
	thread_signal(&t);
	for (int i = 0; i < 2; i++) {
		u32 call = i ? nr("rt_sigreturn") : nr("write");

		thread_push(&t, token_of(call), classes[call]);
		if (model_learn(p->model, &t, classes[call], 3, unit_id(1, 1), &e) < 0)
			return p;
	}
	thread_exec(&t, session);
	thread_push(&t, token_of(nr("read")), 0);
	if (model_learn(p->model, &t, 0, 3, unit_id(1, 1), &e) < 0)
		ok(0, "%s", e.text);
	return p;
}

/* Replay lines in which %NAME stands for a call's number. */
static u64 replay(const struct profile *p, const u8 *classes, const char *text, struct log *log)
{
	struct replay r = { .profile = p, .classes = classes, .found = note, .ctx = log };
	auto_buf plain = { 0 };

	for (const char *at = text; *at;) {
		size_t len = *at == '%' ? 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_") : 1;
		char name[40];

		if (*at == '%') {
			snprintf(name, sizeof(name), "%.*s", (int)len - 1, at + 1);
			buf_printf(&plain, "%d", calls_number(name));
		} else {
			buf_add(&plain, at, 1);
		}
		at += len;
	}
	buf_done(&log->text);
	buf_puts(&log->text, "");
	replay_begin(&r);
	for (char *line = plain.text, *end; *line; line = end + 1) {
		struct trace_line l;

		end = strchr(line, '\n');
		if (trace_parse(line, (size_t)(end - line), &l, &e) < 0 ||
		    replay_line(&r, &l, &e) < 0)
			ok(0, "%s", e.text);
	}
	replay_done(&r);
	return r.hash;
}

static void test_rows(const struct profile *p, const u8 *classes)
{
	static const struct { const char *trace, *log, *words; } rows[] = {
		{ "x 0 /a\n0 %openat\n0 %read 2\n0 %close\n0 %openat\n",
		  "", "what was learned is calm" },
		{ "x 0 /a\n0 %openat\n0 %write\n0 %socket\n",
		  "0.3:call,bigram,pair,triple,trigram ",
		  "a call of its own, after one that only the handler makes" },
		{ "x 0 /a\n0 %write\n0 %read\n", "", "an unseen run that ends in no acting call" },
		{ "x 0 /a\n0 %openat\n0 %openat\n", "0.2:bigram,trigram ", "an unseen bigram" },
		{ "x 0 /b\n0 %socket 3\n0 %bpf\n", "0.0:exec 0.4:floor ",
		  "an unknown program: one verdict, and still a floor" },
		{ "x 0 /a a c\n0 %openat\n",
		  "0.0:exec ", "a file whose content changed is unknown" },
		{ "x 0 /a a s\n0 %read\n0 %openat\n", "0.2:call,bigram,pair,trigram ",
		  "an exec session has n-grams of its own" },
		{ "x 0 /a\n0 %openat\nf 0 1\n1 %read\n1 %openat\n0 %read\n", "1.2:bigram,trigram ",
		  "a child goes on in its parent's window, and the parent in its own" },
		{ "x 0 /a\n0 %openat\ns 0\n0 %write\n0 %rt_sigreturn\n0 %read\n", "",
		  "a handler's calls do not join the window that it interrupts" },
		{ "x 0 /a\n0 %openat\ns 0\n0 %write\n0 %openat\n",
		  "0.3:bigram,pair,trigram ", "but are judged" },
		{ "x 0 /a\n0 %openat\nl 0 3\n0 %read\n0 %read\n",
		  "0.1:blind ", "a loss is a verdict" },
		{ "x 0 /a\n0 %openat\n0 %clock_gettime 7\n0 %read\n0 f:%clone\n0 c:1 2\n0 %read\n",
		  "0.3:floor 0.4:abi 0.5:abi ", "left-out, floor and foreign calls enter no window" },
		{ "x 0 /a\n0 %openat\ng 0\n", "0.1:left ", "leaving the cgroup" },
		{ "x 0 /a\n0 600\n", "0.1:call ", "a number beyond all tables" },
		{ "x 0 /a\n0 %getpid\n0 %nanosleep\n", "", "quiet calls" },
		{ "0 %socket\nr 0 /a\n0 %socket\n",
		  "0.2:call,bigram,pair ", "a program told after a loss" },
		{ "t 0 a\n0 %openat\n0 %read\n",
		  "", "a thread that was there before, by its name" },
		{ "t 0 worker\n0 %socket\n", "0.1:call ", "or for the main program" },
		{ "x 0 /a\nf 0 1\ne 1\nf 0 1\n1 %socket\n",
		  "2.1:call,bigram,pair ", "a number's second life" },
		{ "x 0 /a\nt 1 a\nf 0 1\n1 %socket\n",
		  "1.1:call,bigram,pair ", "a name before the fork is the same life" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct log log = { 0 };

		replay(p, classes, rows[i].trace, &log);
		ok(strcmp(log.text.text, rows[i].log) == 0, "%s: %s", rows[i].words, log.text.text);
		buf_done(&log.text);
	}
}

static void test_open(struct profile *p, const u8 *classes)
{
	struct log log = { 0 };

	p->programs[1].open_until = 1010;
	replay(p, classes, "# realtime=1000\nx 0 /a\n0 %socket\n@10000\n0 %connect\n", &log);
	ok(strcmp(log.text.text, "0.2:call,bigram,pair,triple,trigram ") == 0,
	   "allowed for ten seconds: %s", log.text.text);
	replay(p, classes, "x 0 /a\n0 %socket\n", &log);
	ok(strcmp(log.text.text, "0.1:call,bigram,pair ") == 0, "without a time nothing is open");
	p->programs[1].open_until = 0;
	buf_done(&log.text);
}

static void test_hash(const struct profile *p, const u8 *classes)
{
	struct log log = { 0 };
	u64 calm = replay(p, classes, "x 0 /a\n0 %openat\n", &log), empty = VERDICT_HASH, one,
	    again;

	ok(calm == empty, "no verdict, no change of the hash");
	one = replay(p, classes, "x 0 /a\n0 %openat\n0 %openat\n", &log);
	again = replay(p, classes, "# any\n@0\nt 0 a\nx 0 /a\n0 %openat 2\n@20\n", &log);
	ok(one != empty && one == again,
	   "equal verdicts give equal hashes, however the lines are cut");
	ok(one != replay(p, classes,
			 "x 0 /a\n0 %openat\n0 %clock_gettime\n0 %read\n0 %read\n0 %openat\n",
			 &log),
	   "the same verdict at another call gives another");
	/* a known answer: lowest byte first, 16 bytes */
	verdict_hash_step(&empty, 1, 2, 3);
	ok(empty == 0x83ae6529ad5100f5ULL, "one step");
	buf_done(&log.text);
}

static void test_words(void)
{
	auto_buf all = { 0 };

	verdict_words(0x7ff, &all);
	ok(strcmp(all.text, "exec,call,abi,floor,left,bigram,pair,triple,trigram,score,blind") == 0,
	   "words");
	ok(verdict_tier(VERDICT_SCORE | VERDICT_CALL) == 1 &&
		   verdict_tier(VERDICT_SCORE | VERDICT_PAIR) == 2 &&
		   verdict_tier(VERDICT_TRIGRAM) == 3 && verdict_tier(VERDICT_BLIND) == 0,
	   "the gravest tier counts");
}

int main(void)
{
	u8 classes[CALLS_MAX];
	auto_of(profile) struct profile *p = NULL;

	calls_classes(classes, NULL);
	p = taught(classes);
	test_rows(p, classes);
	test_open(p, classes);
	test_hash(p, classes);
	test_words();
	return tap_end();
}
