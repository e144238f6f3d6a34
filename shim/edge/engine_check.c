/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_check.h"

#include <stdio.h>
#include <string.h>

#include "command.h"

enum { SECONDS = 60, WORDS = 5, WHY_BYTES = 110 };

static const struct question {
	const char *engine, *words[WORDS]; /* NULL ends them; "@" stands for the file */
	const char *variable;              /* of the environment, for the file */
} questions[] = {
	{ "docker", { "dockerd", "--validate", "--config-file", "@" }, NULL },
	{ "containerd", { "containerd", "--config", "@", "config", "dump" }, NULL },
	{ "podman", { "podman", "info" }, "CONTAINERS_CONF" },
};

static int ask(const struct question *q, const char *file, struct buf *said, struct err *e)
{
	char *argv[WORDS + 1] = { NULL };

	for (size_t i = 0; i < WORDS && q->words[i]; i++)
		argv[i] = (char *)(strcmp(q->words[i], "@") == 0 ? file : q->words[i]);
	return command_run(&(struct command_wish){ argv, q->variable, file, SECONDS }, said, e);
}

static const struct question *question_for(const char *engine)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (strcmp(questions[i].engine, engine) == 0)
			return &questions[i];
	return NULL;
}

bool engine_answers(const char *engine)
{
	return question_for(engine);
}

int engine_check(const char *engine, const char *file, const char *must, struct buf *words, struct err *e)
{
	const struct question *q = question_for(engine);
	auto_buf said = { 0 };
	int rc;

	if (!q)
		return 0;
	rc = ask(q, file, &said, e);
	if (rc == -ENOENT) {
		buf_printf(words, "note: %s is not installed, so it was not asked\n", q->words[0]);
		return 0;
	}
	if (rc < 0)
		return rc;
	if (rc > 0 && said.text && strstr(said.text, "unknown flag: --validate")) {
		buf_printf(words, "note: this %s is too old to be asked (no --validate)\n", q->words[0]);
		return 0;
	}
	if (rc > 0) {
		const char *why = command_last_line(&said);
		size_t len = strlen(why);
		bool cut = len > WHY_BYTES; /* what is wrong stands at the end */

		return fail(e, EINVAL, "%s refuses it: %s%s; --no-verify writes it all the same", q->words[0], cut ? "..." : "",
			    cut ? why + len - WHY_BYTES : why);
	}
	if (must && (!said.text || !strstr(said.text, must)))
		return fail(e, EINVAL, "%s does not come to know thymus by it: its CRI plugin is disabled, or a file that it imports "
			    "says something else of the same section, which counts alone: name that one with --file", q->words[0]);
	buf_printf(words, "%s accepts it\n", q->words[0]);
	return 0;
}
