/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out.h"

#include <string.h>
#include <unistd.h>

bool out_terminal(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

int out_text(const struct buf *text, struct err *e)
{
	size_t done = 0;

	if (text->failed)
		return fail(e, ENOMEM, "out of memory");
	while (done < text->len) {
		ssize_t n = write(STDOUT_FILENO, text->text + done, text->len - done);

		if (n < 0 && errno != EINTR)
			return fail(e, errno, "write standard output: %m");
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

int out_json(const struct json *doc, struct err *e)
{
	auto_buf text = { 0 };

	if (!doc)
		return fail(e, ENOMEM, "out of memory");
	json_emit(doc, 2, &text);
	buf_puts(&text, "\n");
	return out_text(&text, e);
}

int out_words(const struct buf *words, bool json, struct err *e)
{
	auto_of(json) struct json *doc = NULL;

	if (!json || words->failed)
		return out_text(words, e);
	doc = json_new(JSON_OBJECT);
	if (!json_set(doc, "words", json_str(words->text ? words->text : "")))
		return fail(e, ENOMEM, "out of memory");
	return out_json(doc, e);
}
