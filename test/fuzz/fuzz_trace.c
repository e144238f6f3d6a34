/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes, cut at newlines, are trace lines or errors with a sentence; a line that was read is
 * written so that it reads the same; and whatever was read can be replayed. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "replay.h"

static struct profile *small(void)
{
	struct profile *p = NULL;
	struct err e;
	u32 index;

	if (profile_new("s", "n", "i", "a", 3, &p, &e) < 0 ||
	    profile_add_program(p, "/a", "a", false, &index, &e) < 0 ||
	    model_add(p->model, gram_key(1, 1), unit_id(1, 1), &e) < 0)
		assert(!"out of memory");
	return p;
}

static void check_round(const struct trace_line *l)
{
	struct trace_line again;
	auto_buf once = { 0 }, twice = { 0 };
	struct err e;

	trace_emit(l, &once);
	assert(once.len > 0 && once.text[once.len - 1] == '\n');
	assert(memchr(once.text, '\n', once.len) == once.text + once.len - 1);
	assert(trace_parse(once.text, once.len - 1, &again, &e) == 0);
	assert(again.kind == l->kind && again.thread == l->thread && again.call == l->call);
	assert(strcmp(again.text, l->text) == 0 && strcmp(again.name, l->name) == 0);
	trace_emit(&again, &twice);
	assert(once.len == twice.len && memcmp(once.text, twice.text, once.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_of(profile) struct profile *p = small();
	const char *at = (const char *)data, *end = at + size;
	u8 classes[CALLS_MAX] = { 0 };
	struct replay r = { .profile = p, .classes = classes };

	replay_begin(&r);
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);
		struct err e = { "" };
		struct trace_line l;

		if (trace_parse(at, len, &l, &e) < 0) {
			assert(e.text[0] != '\0');
		} else {
			check_round(&l);
			/* a billion calls in one line are no news here, and take their time */
			if (l.count < 1000 && l.thread < 4096 && l.other < 4096)
				assert(replay_line(&r, &l, &e) == 0 || e.text[0] != '\0');
		}
		at += len + 1;
	}
	replay_done(&r);
	return 0;
}
