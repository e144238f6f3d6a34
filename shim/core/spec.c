/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spec.h"

#include <string.h>

#include "spec_schema.h"

/* Go takes null for absent. */
static bool absent(const struct json *v)
{
	return !v || v->type == JSON_NULL;
}

static int check_types(const struct json *doc, struct err *e)
{
	static const struct { const char *at; enum json_type type; const char *words; } rows[] = {
		{ "ociVersion", JSON_STRING, "a string" },
		{ "root", JSON_OBJECT, "an object" },
		{ "root.path", JSON_STRING, "a string" },
		{ "process", JSON_OBJECT, "an object" },
		{ "process.args", JSON_ARRAY, "an array" },
		{ "process.env", JSON_ARRAY, "an array" },
		{ "annotations", JSON_OBJECT, "an object" },
		{ "hooks", JSON_OBJECT, "an object" },
		{ "hooks.createRuntime", JSON_ARRAY, "an array" },
		{ "hooks.poststart", JSON_ARRAY, "an array" },
		{ "hooks.poststop", JSON_ARRAY, "an array" },
		{ "linux", JSON_OBJECT, "an object" },
		{ "linux.cgroupsPath", JSON_STRING, "a string" },
		{ "linux.namespaces", JSON_ARRAY, "an array" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct json *v = json_at(doc, rows[i].at);

		if (!absent(v) && v->type != rows[i].type)
			return fail(e, EINVAL, "%s is not %s", rows[i].at, rows[i].words);
	}
	return 0;
}

static int check_members(const struct json *doc, const char *at, enum json_type type, struct err *e)
{
	const struct json *list = json_at(doc, at);

	for (const struct json *v = list ? list->child : NULL; v; v = v->next)
		if (!absent(v) && v->type != type)
			return fail(e, EINVAL, "%s holds what is not %s", at,
				    type == JSON_STRING ? "a string" : "an object");
	return 0;
}

static int check_document(struct json *doc, struct err *e)
{
	int rc = doc->type == JSON_OBJECT ? spec_schema_settle(doc, e) :
					    fail(e, EINVAL, "not an object");

	if (rc == 0)
		rc = check_types(doc, e);
	if (rc == 0)
		rc = check_members(doc, "annotations", JSON_STRING, e);
	return rc < 0 ? rc : check_members(doc, "linux.namespaces", JSON_OBJECT, e);
}

static bool has_own_mounts(const struct json *doc)
{
	const struct json *list = json_at(doc, "linux.namespaces");

	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		const char *type = json_string(json_get(v, "type"));
		const char *path = json_string(json_get(v, "path"));

		if (type && strcmp(type, "mount") == 0)
			return !path || !*path;
	}
	return false;
}

int spec_parse(const char *text, size_t len, struct spec *ret, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	struct spec s = { 0 };
	const struct json *args;
	int rc = json_parse(text, len, 0, &doc, e);

	if (rc == 0)
		rc = check_document(doc, e);
	if (rc < 0)
		return rc;
	args = json_at(doc, "process.args");
	s.oci_version = json_string(json_get(doc, "ociVersion"));
	s.root_path = json_string(json_at(doc, "root.path"));
	s.cgroups_path = json_string(json_at(doc, "linux.cgroupsPath"));
	s.entry = args ? json_string(args->child) : NULL;
	s.mount_namespace = has_own_mounts(doc);
	s.doc = STEAL(doc);
	s.mode = spec_annotation(&s, "io.thymus.mode");
	s.profile = spec_annotation(&s, "io.thymus.profile");
	*ret = s;
	return 0;
}

void spec_done(struct spec *s)
{
	json_free(s->doc);
	*s = (struct spec){ 0 };
}

const char *spec_annotation(const struct spec *s, const char *key)
{
	return json_string(json_get(json_get(s->doc, "annotations"), key));
}

/* NULL when out of memory. */
static struct json *strings(const char *const *words)
{
	auto_of(json) struct json *list = json_new(JSON_ARRAY);

	for (; *words; words++)
		if (!json_add(list, json_str(*words)))
			return NULL;
	return STEAL(list);
}

static struct json *hook_json(const struct spec_hook *h)
{
	auto_of(json) struct json *hook = json_new(JSON_OBJECT);

	if (!json_set(hook, "path", json_str(h->path)) ||
	    !json_set(hook, "args", strings(h->args)) ||
	    (h->env && !json_set(hook, "env", strings(h->env))) ||
	    !json_set(hook, "timeout", json_num(h->timeout)))
		return NULL;
	return STEAL(hook);
}

/* The member, made when it is absent; NULL when out of memory. */
static struct json *member(struct json *object, const char *key, enum json_type type)
{
	struct json *v = json_get(object, key);

	return absent(v) ? json_set(object, key, json_new(type)) : v;
}

static void drop(struct json *list, const char *path)
{
	struct json *kept = NULL, *next;

	for (struct json *v = list->child; v; v = next) {
		const char *other = json_string(json_get(v, "path"));

		next = v->next;
		if (!other || strcmp(other, path) != 0) {
			kept = v;
			continue;
		}
		*(kept ? &kept->next : &list->child) = next;
		v->next = NULL;
		json_free(v);
	}
	list->last = kept;
}

int spec_add_hook(struct spec *s, const char *stage, const struct spec_hook *hook, struct err *e)
{
	struct json *list = member(member(s->doc, "hooks", JSON_OBJECT), stage, JSON_ARRAY);
	struct json *ours = list ? hook_json(hook) : NULL;

	if (!ours)
		return fail(e, ENOMEM, "out of memory");
	drop(list, hook->path);
	ours->next = list->child;
	list->child = ours;
	if (!list->last)
		list->last = ours;
	return 0;
}
