/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_words.c - the words of a policy: modes, actions, rates, admitted annotations. */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))

static const char *const mode_names[] = { "off", "learn", "monitor", "enforce", "auto" };
static const char *const action_names[] = { "record", "freeze", "kill" };

int policy_mode(const char *word, enum mode *ret, struct err *e)
{
	for (size_t i = 0; i < COUNT(mode_names); i++) {
		if (strcmp(word, mode_names[i]) != 0)
			continue;
		*ret = (enum mode)i;
		return 0;
	}
	return fail(e, EINVAL, "mode \"%s\" is unknown: off, learn, monitor, enforce or auto",
		    word);
}

const char *policy_mode_name(enum mode m)
{
	return (size_t)m < COUNT(mode_names) ? mode_names[m] : "unknown";
}

const char *policy_action_name(enum action a)
{
	return (size_t)a < COUNT(action_names) ? action_names[a] : "unknown";
}

int policy_budget(const char *text, double *ret, struct err *e)
{
	static const struct { const char *name; double seconds; } units[] = {
		{ "second", 1 },     { "minute", 60 },      { "hour", 3600 },   { "day", 86400 },
		{ "week", 604800 },  { "month", 2592000 },  { "year", 31536000 },
	};
	size_t digits = strspn(text, "0123456789");
	size_t number = digits;
	double alarms;

	/* strtod() alone would admit "inf", "0x1" and "1e999". */
	if (text[number] == '.')
		number += 1 + strspn(text + number + 1, "0123456789");
	if (digits >= 1 && digits <= 9 && number <= 20 && text[number] == '/') {
		alarms = strtod(text, NULL);
		for (size_t i = 0; alarms > 0 && i < COUNT(units); i++) {
			if (strcmp(text + number + 1, units[i].name) != 0)
				continue;
			*ret = alarms / units[i].seconds;
			return 0;
		}
	}
	return fail(e, EINVAL, "budget \"%s\" is not a rate of false alarms, such as \"1/week\": "
		    "a number above 0, then second, minute, hour, day, week, month or year", text);
}

/* `*` is any run, `?` any one character.  Remembering only the last star is enough: an earlier
 * one never needs to give way once a later one has matched. */
bool policy_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool policy_admits_mode(const struct policy *p, const char *value)
{
	if (p->modes)
		for (const struct json *v = p->modes->child; v; v = v->next)
			if (strcmp(v->text, value) == 0)
				return true;
	return false;
}

bool policy_admits_name(const struct policy *p, const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len > 127 || value[0] == '.' || strspn(value, NAME_LETTERS) != len)
		return false;
	if (p->names)
		for (const struct json *v = p->names->child; v; v = v->next)
			if (policy_matches(v->text, value))
				return true;
	return false;
}
