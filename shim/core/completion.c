/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "completion.h"

#include <stdbool.h>
#include <string.h>

const char completion_shells[] = "bash zsh fish";

/* In single quotes, as all three shells read them. */
static void quote(struct buf *to, const char *text)
{
	buf_puts(to, "'");
	for (; *text; text++)
		*text == '\'' ? buf_puts(to, "'\\''") : buf_add(to, text, 1);
	buf_puts(to, "'");
}

/* "--json --for=" -> "--json --for" */
static void flags(struct buf *to, const char *words)
{
	for (; *words; words++)
		if (*words != '=')
			buf_add(to, words, 1);
}

static void commands(struct buf *to, const struct completion_row *rows)
{
	for (; rows->command; rows++)
		buf_printf(to, "%s%s", rows->command, *rows->command ? " " : "");
}

static void bash(const struct completion_row *rows, struct buf *to)
{
	buf_puts(to, "_thymus()\n{\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} command='' words='' i\n"
		     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		     "\t\tcase ${COMP_WORDS[i]} in\n"
		     "\t\t--thymus-*) ((i++)) ;;\n"
		     "\t\t-*) ;;\n"
		     "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
		     "\t\tesac\n"
		     "\tdone\n"
		     "\tcase $command in\n");
	for (const struct completion_row *r = rows; r->command; r++) {
		buf_printf(to, "\t%s) words='", *r->command ? r->command : "''");
		if (*r->command)
			buf_puts(to, r->words);
		else
			commands(to, rows);
		buf_puts(to, " ");
		flags(to, r->flags);
		buf_puts(to, "' ;;\n");
	}
	buf_puts(to, "\tesac\n"
		     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		     "}\n"
		     "complete -o default -F _thymus thymus\n");
}

static void zsh(const struct completion_row *rows, struct buf *to)
{
	buf_puts(to, "_thymus()\n{\n"
		     "\tlocal -a commands=(\n");
	for (const struct completion_row *r = rows; r->command; r++) {
		if (!*r->command)
			continue;
		buf_printf(to, "\t\t%s:", r->command);
		quote(to, r->help);
		buf_puts(to, "\n");
	}
	buf_puts(to, "\t)\n"
		     "\tlocal at=2 command=\n"
		     "\twhile [[ $at -lt $CURRENT && $words[at] = --thymus-* ]]; do ((at += 2)); done\n"
		     "\t[[ $at -lt $CURRENT ]] && command=$words[at]\n"
		     "\tcase $command in\n"
		     "\t'') _describe -t commands command commands ;|\n");
	for (const struct completion_row *r = rows; r->command; r++) {
		buf_printf(to, "\t%s) compadd -- %s ", *r->command ? r->command : "''", r->words);
		flags(to, r->flags);
		buf_printf(to, "%s ;;\n", *r->command ? "; _files" : "");
	}
	buf_puts(to, "\tesac\n}\n_thymus \"$@\"\n");
}

/* "--for=" -> " -l for -r" */
static void fish_flags(const struct completion_row *r, const char *condition, struct buf *to)
{
	for (const char *at = r->flags; *at;) {
		size_t len = strcspn(at, " ");
		bool value = at[len - 1] == '=';

		buf_printf(to, "complete -c thymus -n '%s%s' -l %.*s%s\n", condition, r->command, (int)(len - 2 - value),
			   at + 2, value ? " -r" : "");
		at += len + (at[len] == ' ');
	}
}

static void fish(const struct completion_row *rows, struct buf *to)
{
	for (const struct completion_row *r = rows; r->command; r++) {
		if (!*r->command) {
			fish_flags(r, "__fish_use_subcommand", to);
			continue;
		}
		buf_printf(to, "complete -c thymus -n __fish_use_subcommand -a %s -d ", r->command);
		quote(to, r->help);
		buf_puts(to, "\n");
		fish_flags(r, "__fish_seen_subcommand_from ", to);
		if (*r->words)
			buf_printf(to, "complete -c thymus -n '__fish_seen_subcommand_from %s' -a '%s'\n", r->command, r->words);
	}
}

int completion_text(const char *shell, const struct completion_row *rows, struct buf *to, struct err *e)
{
	static const struct {
		const char *name, *first;
		void (*write)(const struct completion_row *rows, struct buf *to);
	} shells[] = {
		{ "bash", "", bash }, { "zsh", "#compdef thymus\n", zsh }, { "fish", "", fish },
	};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(shells[i].name, shell) != 0)
			continue;
		buf_printf(to, "%s# SPDX-License-Identifier: GPL-2.0-or-later\n# Printed by: thymus completion %s\n",
			   shells[i].first, shell);
		shells[i].write(rows, to);
		return to->failed ? fail(e, ENOMEM, "out of memory") : 0;
	}
	return fail(e, EINVAL, "there is no shell %.40s; there is: %s", shell, completion_shells);
}
