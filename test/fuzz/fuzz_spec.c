/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A document that is accepted takes our hooks, and taking them twice changes nothing more. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "spec.h"

static void add_hooks(struct spec *s, struct buf *text)
{
	static const char *const args[] = { "thymus-hook", "x", NULL };
	static const char *const stages[] = { "createRuntime", "poststart", "poststop" };
	static const struct spec_hook hook = { "/h", args, NULL, 15 };
	struct err e = { "" };

	for (size_t i = 0; i < 3; i++)
		assert(spec_add_hook(s, stages[i], &hook, &e) == 0);
	json_emit(s->doc, 2, text);
	assert(!text->failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf once = { 0 }, twice = { 0 }, again = { 0 };
	struct spec first = { 0 }, second = { 0 };
	struct err e = { "" };

	if (spec_parse((const char *)data, size, &first, &e) < 0) {
		assert(e.text[0] != '\0' && !first.doc);
		return 0;
	}
	add_hooks(&first, &once);
	add_hooks(&first, &twice);
	/* five levels come on top of nothing, so JSON_DEPTH is not in the way */
	assert(spec_parse(once.text, once.len, &second, &e) == 0);
	add_hooks(&second, &again);
	assert(once.len == twice.len && memcmp(once.text, twice.text, once.len) == 0);
	assert(once.len == again.len && memcmp(once.text, again.text, once.len) == 0);
	spec_done(&first);
	spec_done(&second);
	return 0;
}
