/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes either become a document that survives emit and parse unchanged, or an error with a
 * sentence; comments change nothing about that. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "json.h"

static void check_fixed_point(const struct json *doc, unsigned indent)
{
	auto_of(json) struct json *again = NULL;
	auto_buf first = { 0 }, second = { 0 };
	struct err e = { "" };

	json_emit(doc, indent, &first);
	assert(!first.failed);
	assert(json_parse(first.text, first.len, 0, &again, &e) == 0);
	json_emit(again, indent, &second);
	assert(first.len == second.len && memcmp(first.text, second.text, first.len) == 0);
}

static int try_flags(const uint8_t *data, size_t size, unsigned flags)
{
	auto_of(json) struct json *doc = NULL;
	struct err e = { "" };
	int rc = json_parse((const char *)data, size, flags, &doc, &e);

	assert(rc == 0 ? doc != NULL : doc == NULL && e.text[0] != '\0');
	if (rc == 0) {
		check_fixed_point(doc, 0);
		check_fixed_point(doc, 3);
	}
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int strict = try_flags(data, size, 0);
	int loose = try_flags(data, size, JSON_COMMENTS);

	assert(strict < 0 || loose == 0);
	return 0;
}
