/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words, one a line, are a command line: nothing but --thymus-* flags and their values leaves it,
 * the order stays, and a second reading finds nothing more to take and says the same. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "auto.h"
#include "cmdline.h"

#define WORDS 64

static int split(char *text, char **argv)
{
	int argc = 0;

	argv[argc++] = text;
	for (; *text && argc < WORDS; text++)
		if (*text == '\n') {
			*text = '\0';
			argv[argc++] = text + 1;
		}
	argv[argc] = NULL;
	return argc;
}

/* Each word left is one of those before, in their order. */
static void check_order(char **before, int n, char **after, int left)
{
	int at = 0;

	assert(left >= 1 && left <= n && !after[left]);
	for (int i = 0; i < left; i++) {
		while (at < n && before[at] != after[i])
			assert(i > 0 && at++ < n);
		assert(at++ < n);
	}
}

static void check_same(const struct cmdline *a, const struct cmdline *b)
{
	assert(a->verb == b->verb && a->verb_at == b->verb_at && a->root == b->root);
	assert(a->log == b->log && a->log_json == b->log_json && a->bundle == b->bundle);
	assert(a->id == b->id && a->process == b->process && a->resources == b->resources);
	assert(a->help == b->help && a->version == b->version && a->config == b->config);
	assert(!b->policy && !b->delegate && !b->mode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *before[WORDS + 1], *after[WORDS + 1];
	auto_free char *text = calloc(1, size + 1);
	struct cmdline first, second;
	struct err e = { "" };
	int n, left, again;

	if (!text || (size && !memcpy(text, data, size)))
		return 0;
	n = left = split(text, before);
	memcpy(after, before, sizeof(before));
	if (cmdline_parse(&left, after, &first, &e) < 0)
		assert(e.text[0] != '\0');
	check_order(before, n, after, left);
	assert(!first.verb || after[first.verb_at] == first.verb);
	again = left;
	assert(cmdline_parse(&again, after, &second, &e) == 0 && again == left);
	check_same(&first, &second);
	return 0;
}
