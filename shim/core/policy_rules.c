/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_rules.c - rules by which the administrator says whose a container is, and what it is called. */
#include "policy.h"

#include <string.h>

#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static bool is_pattern(const char *key)
{
	return strcmp(key, "root") == 0 || strcmp(key, "cgroup") == 0 || strcmp(key, "bundle") == 0;
}

static bool is_given(const char *key)
{
	return strcmp(key, "tenant") == 0 || strcmp(key, "name") == 0;
}

static int check_rule(const struct json *rule, struct err *e)
{
	unsigned patterns = 0, given = 0;

	for (const struct json *v = rule->type == JSON_OBJECT ? rule->child : NULL; v; v = v->next) {
		const char *text = json_string(v);

		if (!is_pattern(v->key) && !is_given(v->key))
			return fail(e, EINVAL, "\"rules\" holds the unknown key \"%s\": root, cgroup, bundle, tenant and name", v->key);
		if (!text || !*text)
			return fail(e, EINVAL, "\"%s\" of a rule must be a string that is not empty", v->key);
		if (is_given(v->key) && (strlen(text) > 127 || text[0] == '.' || text[strspn(text, NAME_LETTERS)]))
			return fail(e, EINVAL, "\"%s\" of a rule is \"%s\": letters, digits, . _ and -, at most 127", v->key, text);
		patterns += is_pattern(v->key);
		given += is_given(v->key);
	}
	if (patterns == 0 || given == 0)
		return fail(e, EINVAL, "each of \"rules\" is an object with a pattern (root, cgroup, bundle) and a tenant or name");
	return 0;
}

int policy_check_rules(const struct json *rules, struct err *e)
{
	int rc = 0;

	if (rules && rules->type != JSON_ARRAY)
		return fail(e, EINVAL, "\"rules\" must be an array of objects");
	for (const struct json *v = rules ? rules->child : NULL; v && rc == 0; v = v->next)
		rc = check_rule(v, e);
	return rc;
}

static bool answers(const struct json *rule, const char *key, const char *value)
{
	const char *pattern = json_string(json_get(rule, key));

	return !pattern || (value && policy_matches(pattern, value));
}

const char *policy_rule(const struct policy *p, const char *key, const struct policy_subject *of)
{
	for (const struct json *v = p->rules ? p->rules->child : NULL; v; v = v->next) {
		const char *given = json_string(json_get(v, key));

		if (given && answers(v, "root", of->root) && answers(v, "cgroup", of->cgroup) && answers(v, "bundle", of->bundle))
			return given;
	}
	return NULL;
}
