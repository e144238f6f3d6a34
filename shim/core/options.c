/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row *find(const struct option_row *rows, const char *word, size_t len)
{
	for (; rows->name; rows++)
		if (strncmp(rows->name, word, len) == 0 && rows->name[len] == '\0')
			return rows;
	return NULL;
}

static int unknown(const struct option_row *rows, const char *word, struct err *e)
{
	char known[128] = "";
	size_t used = 0;

	for (; rows->name; rows++) {
		int n = snprintf(known + used, sizeof(known) - used, " %s", rows->name);

		if (n < 0 || (size_t)n >= sizeof(known) - used)
			break;
		used += (size_t)n;
	}
	return fail(e, EINVAL, "unknown flag %.80s; there is:%s", word, known);
}

static int answer(const struct option_row *rows, struct err *e)
{
	char words[sizeof(e->text)] = "";
	size_t used = 0;

	for (; rows->name && used < sizeof(words); rows++)
		used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s%s", used ? " " : "", rows->name,
					 rows->value ? "=" : "");
	return fail(e, ENOTSUP, "%s", words);
}

/* One flag at argv[i]; `*took` is how many words it covers. */
static int take(char **argv, int i, const struct option_row *rows, int *took, struct err *e)
{
	const char *equals = strchr(argv[i], '=');
	size_t len = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
	const struct option_row *row = find(rows, argv[i], len);

	if (!row)
		return unknown(rows, argv[i], e);
	if (row->flag && equals)
		return fail(e, EINVAL, "%s takes no value", row->name);
	if (row->value && !equals && !argv[i + 1])
		return fail(e, EINVAL, "%s needs a value", row->name);
	*took = row->value && !equals ? 2 : 1;
	if (row->flag)
		*row->flag = true;
	else if (row->value)
		*row->value = equals ? equals + 1 : argv[i + 1];
	return 0;
}

int options_take(int *argc, char **argv, const struct option_row *rows, struct err *e)
{
	int kept = 0;
	int i = 0;

	if (*argc == 2 && strcmp(argv[1], OPTIONS_ASK) == 0)
		return answer(rows, e);
	while (i < *argc) {
		int took = 1;

		if (strcmp(argv[i], "--") == 0) {
			for (i++; i < *argc; i++)
				argv[kept++] = argv[i];
			break;
		}
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			argv[kept++] = argv[i];
		else if (take(argv, i, rows, &took, e) < 0)
			return -EINVAL;
		i += took;
	}
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}

int options_duration(const char *text, unsigned long long *ret, struct err *e)
{
	static const struct { char unit; unsigned seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 },
	};
	size_t digits = strspn(text, "0123456789");
	unsigned long long number = digits <= 9 ? strtoull(text, NULL, 10) : 0;

	for (size_t i = 0; number > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[digits] != units[i].unit || text[digits + 1] != '\0')
			continue;
		if (number * units[i].seconds > 10ull * 365 * 86400)
			break;
		*ret = number * units[i].seconds;
		return 0;
	}
	return fail(e, EINVAL,
		    "\"%.40s\" is no span of time: a number and s, m, h, d or w, such as 2h, "
		    "at most ten years",
		    text);
}
