/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Without recursion: a freed node's children take its place in the list. */
void json_free(struct json *v)
{
	while (v) {
		struct json *next = v->next;

		if (v->child) {
			v->last->next = next;
			next = v->child;
		}
		free(v->key);
		free(v->text);
		free(v);
		v = next;
	}
}

struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT || !key)
		return NULL;
	for (struct json *v = object->child; v; v = v->next)
		if (strcmp(v->key, key) == 0)
			return v;
	return NULL;
}

static struct json *get_n(const struct json *object, const char *key, size_t len)
{
	if (object->type != JSON_OBJECT)
		return NULL;
	for (struct json *v = object->child; v; v = v->next)
		if (strncmp(v->key, key, len) == 0 && v->key[len] == '\0')
			return v;
	return NULL;
}

struct json *json_at(const struct json *doc, const char *dotted)
{
	while (doc) {
		size_t len = strcspn(dotted, ".");
		struct json *v = get_n(doc, dotted, len);

		if (!dotted[len])
			return v;
		dotted += len + 1;
		doc = v;
	}
	return NULL;
}

const char *json_string(const struct json *v)
{
	return v && v->type == JSON_STRING ? v->text : NULL;
}

bool json_u64(const struct json *v, unsigned long long *ret)
{
	unsigned long long n = 0;

	if (!v || v->type != JSON_NUMBER)
		return false;
	for (const char *p = v->text; *p; p++) {
		unsigned digit = (unsigned)*p - '0';

		/* encoding/json takes no sign, fraction or exponent for a uint64 either */
		if (digit > 9 || n > (ULLONG_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*ret = n;
	return true;
}

bool json_is_true(const struct json *v)
{
	return v && v->type == JSON_TRUE;
}

struct json *json_new(enum json_type type)
{
	struct json *v = calloc(1, sizeof(*v));

	if (v)
		v->type = type;
	return v;
}

static struct json *with_text(enum json_type type, const char *text)
{
	struct json *v = text ? json_new(type) : NULL;

	if (v)
		v->text = strdup(text);
	if (!v || v->text)
		return v;
	json_free(v);
	return NULL;
}

struct json *json_str(const char *text)
{
	return with_text(JSON_STRING, text);
}

struct json *json_num(long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	return with_text(JSON_NUMBER, text);
}

struct json *json_real(double value)
{
	char text[40];

	if (!isfinite(value)) /* JSON has no word for these */
		return json_new(JSON_NULL);
	/* The fewest digits that read back as the same number. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return with_text(JSON_NUMBER, text);
}

struct json *json_flag(bool value)
{
	return json_new(value ? JSON_TRUE : JSON_FALSE);
}

static void append(struct json *parent, struct json *v)
{
	if (parent->last)
		parent->last->next = v;
	else
		parent->child = v;
	parent->last = v;
}

struct json *json_add(struct json *array, struct json *value)
{
	if (!array || array->type != JSON_ARRAY || !value) {
		json_free(value);
		return NULL;
	}
	append(array, value);
	return value;
}

/* Put `value`, which may be NULL, where `old` is. */
static void replace(struct json *parent, struct json *old, struct json *value)
{
	struct json *before = NULL;

	for (struct json *v = parent->child; v != old; v = v->next)
		before = v;
	if (value)
		value->next = old->next;
	*(before ? &before->next : &parent->child) = value ? value : old->next;
	if (parent->last == old)
		parent->last = value ? value : before;
	old->next = NULL;
	json_free(old);
}

struct json *json_set(struct json *object, const char *key, struct json *value)
{
	bool fits = object && object->type == JSON_OBJECT && value;
	char *name = fits ? strdup(key) : NULL;
	struct json *old;

	if (!name) {
		json_free(value);
		return NULL;
	}
	free(value->key);
	value->key = name;
	old = json_get(object, key);
	if (old)
		replace(object, old, value);
	else
		append(object, value);
	return value;
}

bool json_remove(struct json *object, const char *key)
{
	struct json *old = json_get(object, key);

	if (old)
		replace(object, old, NULL);
	return old != NULL;
}
