/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Next character of a key as encoding/json compares keys: ASCII case folded, and the two letters
 * beyond ASCII whose simple folding is ASCII. */
static int next_folded(const char **s)
{
	const char *p = *s;

	if (strncmp(p, "\xc5\xbf", 2) == 0) { /* U+017F LATIN SMALL LETTER LONG S */
		*s += 2;
		return 's';
	}
	if (strncmp(p, "\xe2\x84\xaa", 3) == 0) { /* U+212A KELVIN SIGN */
		*s += 3;
		return 'k';
	}
	*s += *p != '\0';
	return *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p;
}

static bool same_folded(const char *a, const char *b)
{
	int c;

	do {
		c = next_folded(&a);
		if (c != next_folded(&b))
			return false;
	} while (c != '\0');
	return true;
}

static struct json *folded(const struct json *object, const struct json *not, const char *key)
{
	for (struct json *v = object->child; v; v = v->next)
		if (v != not && same_folded(v->key, key))
			return v;
	return NULL;
}

/* encoding/json decodes both objects into one struct: the same for every reader only if they have no member in common. */
static bool join(struct json *into, struct json *from)
{
	if (into->type != JSON_OBJECT || from->type != JSON_OBJECT)
		return false;
	for (const struct json *v = from->child; v; v = v->next)
		if (folded(into, NULL, v->key))
			return false;
	if (into->last)
		into->last->next = from->child;
	else
		into->child = from->child;
	if (from->last)
		into->last = from->last;
	from->child = from->last = NULL;
	return true;
}

/* Returns 1 when the member became part of its twin, and is to go. */
static int unfold(struct json *object, struct json *member, const char *known, struct err *e)
{
	struct json *twin = folded(object, member, known);
	char *key;

	if (twin && join(twin, member))
		return 1;
	if (twin)
		return fail(e, EINVAL, "key \"%.80s\" is \"%s\" to some readers, and so is \"%.80s\": "
			    "write \"%s\" once", member->key, known, twin->key, known);
	key = strdup(known);
	if (!key)
		return fail(e, ENOMEM, "out of memory");
	free(member->key);
	member->key = key;
	return 0;
}

int json_unfold(struct json *object, const char *const *known, struct err *e)
{
	struct json *next;

	if (!object || object->type != JSON_OBJECT)
		return 0;
	for (struct json *v = object->child; v; v = next) {
		const char *const *k = known;
		int rc;

		next = v->next;
		while (*k && !(strcmp(v->key, *k) != 0 && same_folded(v->key, *k)))
			k++;
		rc = *k ? unfold(object, v, *k, e) : 0;
		if (rc < 0)
			return rc;
		if (rc > 0)
			json_remove(object, v->key);
	}
	return 0;
}

static bool store(const struct json_field *f, struct json *v, void *out)
{
	void *to = (char *)out + f->at;
	unsigned long long number;

	switch (f->kind) {
	case JSON_K_STR:
		if (v->type != JSON_STRING)
			return false;
		*(const char **)to = v->text;
		return true;
	case JSON_K_UINT:
		if (!json_u64(v, &number) || number > UINT_MAX)
			return false;
		*(unsigned *)to = (unsigned)number;
		return true;
	case JSON_K_REAL:
		if (v->type != JSON_NUMBER)
			return false;
		*(double *)to = strtod(v->text, NULL);
		return true;
	case JSON_K_BOOL:
		if (v->type != JSON_TRUE && v->type != JSON_FALSE)
			return false;
		*(bool *)to = v->type == JSON_TRUE;
		return true;
	case JSON_K_ANY:
		*(struct json **)to = v;
		return true;
	}
	return false;
}

static const struct json_field *row_of(const struct json_field *f, const char *key)
{
	for (; f->key; f++)
		if (strcmp(f->key, key) == 0)
			return f;
	return NULL;
}

int json_fill(const struct json *object, const struct json_field *fields, void *out, struct err *e)
{
	static const char *const wants[] = { "a string", "a whole number", "a number",
					     "true or false", "a value" };

	if (!object || object->type != JSON_OBJECT)
		return fail(e, EINVAL, "expected an object");
	for (struct json *v = object->child; v; v = v->next) {
		const struct json_field *f = row_of(fields, v->key);

		if (!f)
			return fail(e, EINVAL, "unknown key \"%.80s\"", v->key);
		if (!store(f, v, out))
			return fail(e, EINVAL, "key \"%s\" has the wrong type or range, must be %s",
				    f->key, wants[f->kind]);
	}
	for (const struct json_field *f = fields; f->key; f++)
		if (f->required && !json_get(object, f->key))
			return fail(e, EINVAL, "key \"%s\" is missing", f->key);
	return 0;
}
