/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_completion.c - what a shell completes our commands by.  Commands and flags are asked of those who parse them. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "completion.h"
#include "options.h"
#include "out.h"

enum { ROWS = 64 };

/* What stands first behind a command, where that is a word of ours. */
static const char *words_of(const char *command)
{
	static const struct { const char *command, *words; } known[] = {
		{ "mode", "off learn monitor enforce auto default" },
		{ "profile", "ls show diff promote demote rm" },
		{ "incident", "ls show allow" },
		{ "setup", "docker containerd crio podman" },
		{ "completion", completion_shells },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].command, command) == 0)
			return known[i].words;
	return "";
}

/* Ours alone knows its flags: ask it, as a person who types a wrong one would be told. */
static void ask_flags(const struct command *c, const struct policy *p, char ret[sizeof(((struct err *)0)->text)])
{
	char name[32], ask[] = OPTIONS_ASK, *argv[] = { name, ask, NULL };
	struct err said = { "" };

	snprintf(name, sizeof(name), "%s", c->name);
	snprintf(ret, sizeof(said.text), "%s", c->run(2, argv, p, &said) == -ENOTSUP ? said.text : "");
}

int cmd_completion(int argc, char **argv, const struct policy *p, struct err *e)
{
	static char flags[ROWS][sizeof(e->text)];
	struct completion_row rows[ROWS] = { { "", "", "", "--thymus-policy= --thymus-runtime= --thymus-mode=" } };
	bool json = false;
	const struct option_row options[] = { { "--json", &json, NULL }, { 0 } };
	auto_buf text = { 0 };
	int rc = options_take(&argc, argv, options, e);

	if (rc == 0 && argc != 2)
		rc = fail(e, EINVAL, "usage: thymus completion %s", "bash|zsh|fish");
	if (rc < 0)
		return rc;
	for (size_t i = 0; commands[i].name && i < ROWS - 2; i++) {
		ask_flags(&commands[i], p, flags[i]);
		rows[i + 1] = (struct completion_row){ commands[i].name, commands[i].help, words_of(commands[i].name), flags[i] };
	}
	rc = completion_text(argv[1], rows, &text, e);
	return rc < 0 ? rc : out_words(&text, json, e);
}
