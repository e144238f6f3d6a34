/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"

/* Paths are composed in rooms of 4096 bytes: folder, scope, name and suffix must fit. */
#define FOLDER_BYTES 1024
#define YEAR         31536000u
#define PATTERN      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*?"

/* What the file says, before it is checked. */
struct raw {
	const char *delegate, *mode, *ready_mode, *budget, *sessions;
	const char *tier[4];
	struct json *folders, *learn, *prove, *actions, *annotations, *lift, *limits;
	struct json *modes, *names, *roots, *rules;
	const char *on_upgrade;
	unsigned allow_seconds, attach_timeout;
};

#define ROW(key, kind, of, member) { key, kind, false, offsetof(struct of, member) }

static const struct json_field top_fields[] = {
	ROW("delegate", JSON_K_STR, raw, delegate),
	ROW("folders", JSON_K_ANY, raw, folders),
	ROW("mode", JSON_K_STR, raw, mode),
	ROW("ready_mode", JSON_K_STR, raw, ready_mode),
	ROW("budget", JSON_K_STR, raw, budget),
	ROW("learn", JSON_K_ANY, raw, learn),
	ROW("prove", JSON_K_ANY, raw, prove),
	ROW("actions", JSON_K_ANY, raw, actions),
	ROW("sessions", JSON_K_STR, raw, sessions),
	ROW("annotations", JSON_K_ANY, raw, annotations),
	ROW("floor_lift", JSON_K_ANY, raw, lift),
	ROW("runtime_roots", JSON_K_ANY, raw, roots),
	ROW("rules", JSON_K_ANY, raw, rules),
	ROW("on_upgrade", JSON_K_STR, raw, on_upgrade),
	ROW("allow_seconds", JSON_K_UINT, raw, allow_seconds),
	ROW("attach_timeout", JSON_K_UINT, raw, attach_timeout),
	ROW("limits", JSON_K_ANY, raw, limits),
	{ 0 }
};
static const struct json_field folder_fields[] = {
	ROW("profiles", JSON_K_STR, policy, profiles),
	ROW("incidents", JSON_K_STR, policy, incidents),
	ROW("run", JSON_K_STR, policy, run),
	ROW("log", JSON_K_STR, policy, log),
	ROW("bpf", JSON_K_STR, policy, bpf),
	ROW("traces", JSON_K_STR, policy, traces),
	{ 0 }
};
static const struct json_field learn_fields[] = {
	ROW("seconds", JSON_K_UINT, policy, learn_seconds),
	ROW("calls", JSON_K_UINT, policy, learn_calls),
	ROW("starts", JSON_K_UINT, policy, learn_starts),
	ROW("stops", JSON_K_UINT, policy, learn_stops),
	{ 0 }
};
static const struct json_field prove_fields[] = {
	ROW("seconds", JSON_K_UINT, policy, prove_seconds),
	{ 0 }
};
static const struct json_field action_fields[] = {
	ROW("tier1", JSON_K_STR, raw, tier[1]),
	ROW("tier2", JSON_K_STR, raw, tier[2]),
	ROW("tier3", JSON_K_STR, raw, tier[3]),
	{ 0 }
};
static const struct json_field annotation_fields[] = {
	ROW("mode", JSON_K_ANY, raw, modes),
	ROW("profile", JSON_K_ANY, raw, names),
	{ 0 }
};

static const struct range {
	const char *key;
	size_t at;
	unsigned min, max;
} ranges[] = {
	{ "learn.seconds",  offsetof(struct policy, learn_seconds),  1, YEAR },
	{ "learn.calls",    offsetof(struct policy, learn_calls),    1, 1000000000 },
	{ "learn.starts",   offsetof(struct policy, learn_starts),   1, 1000 },
	{ "learn.stops",    offsetof(struct policy, learn_stops),    0, 1000 },
	{ "prove.seconds",  offsetof(struct policy, prove_seconds),  1, YEAR },
	{ "allow_seconds",  offsetof(struct policy, allow_seconds),  0, 86400 },
	{ "attach_timeout", offsetof(struct policy, attach_timeout), 1, 300 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void policy_default(struct policy *ret)
{
	*ret = (struct policy){
		.profiles = "/var/lib/thymus/profiles",
		.incidents = "/var/lib/thymus/incidents",
		.run = "/run/thymus",
		.log = "/var/log/thymus",
		.bpf = "/sys/fs/bpf/thymus",
		.mode = MODE_AUTO,
		.ready_mode = MODE_MONITOR,
		.budget_text = "1/week",
		.budget = 1.0 / (7 * 86400),
		.learn_seconds = 300,
		.learn_calls = 10000,
		.learn_starts = 2,
		.learn_stops = 1,
		.prove_seconds = 300,
		.action = { ACTION_RECORD, ACTION_FREEZE, ACTION_FREEZE, ACTION_RECORD },
		.sessions = ACTION_RECORD,
		.allow_seconds = 60,
		.attach_timeout = 10,
		.limits = policy_limits_default,
	};
}

static int read_action(const char *key, const char *word, enum action *ret, struct err *e)
{
	if (!word)
		return 0;
	for (enum action a = ACTION_RECORD; a <= ACTION_KILL; a++) {
		if (strcmp(word, policy_action_name(a)) != 0)
			continue;
		*ret = a;
		return 0;
	}
	return fail(e, EINVAL, "\"%s\" is \"%s\", must be record, freeze or kill", key, word);
}

int policy_check_path(const char *key, const char *path, struct err *e)
{
	size_t len;

	if (!path)
		return 0;
	len = strlen(path);
	if (path[0] != '/' || len < 2)
		return fail(e, EINVAL, "\"%s\" is \"%s\", must be an absolute path below /", key,
			    path);
	if (len >= FOLDER_BYTES)
		return fail(e, EINVAL, "\"%s\" is %zu bytes long, must be shorter than %d", key,
			    len, FOLDER_BYTES);
	if (strstr(path, "/../") || (len >= 3 && strcmp(path + len - 3, "/..") == 0))
		return fail(e, EINVAL, "\"%s\" is \"%s\", must not contain \"..\"", key, path);
	return 0;
}

/* An array of strings, each accepted by `good`; `key` and `words` make the sentence. */
static int check_words(const char *key, const struct json *array, bool (*good)(const char *),
		       const char *words, struct err *e)
{
	if (!array)
		return 0;
	if (array->type != JSON_ARRAY)
		return fail(e, EINVAL, "\"%s\" must be an array of strings", key);
	for (const struct json *v = array->child; v; v = v->next) {
		if (v->type != JSON_STRING)
			return fail(e, EINVAL, "\"%s\" must be an array of strings", key);
		if (!good(v->text))
			return fail(e, EINVAL, "\"%s\" holds \"%s\", %s", key, v->text, words);
	}
	return 0;
}

static bool good_mode(const char *word)
{
	struct err ignored;
	enum mode m;

	return policy_mode(word, &m, &ignored) == 0;
}

static bool good_pattern(const char *word)
{
	return *word && strlen(word) < 128 && word[strspn(word, PATTERN)] == '\0';
}

static bool good_lift(const char *word)
{
	return calls_is_floor(word);
}

static bool good_root(const char *word)
{
	struct err ignored;

	return policy_check_path("runtime_roots", word, &ignored) == 0;
}

static int read_lists(struct policy *p, const struct raw *raw, struct err *e)
{
	size_t count = 0, i = 0;
	int rc = check_words("annotations.mode", raw->modes, good_mode,
			     "which is no mode: off, learn, monitor, enforce or auto", e);

	if (rc == 0)
		rc = check_words("annotations.profile", raw->names, good_pattern,
				 "which is no pattern of letters, digits, . _ - * and ?", e);
	if (rc == 0)
		rc = check_words("floor_lift", raw->lift, good_lift,
				 "which is not on the floor: nothing to lift", e);
	if (rc == 0)
		rc = check_words("runtime_roots", raw->roots, good_root, "which is no absolute path below /", e);
	if (rc == 0)
		rc = policy_check_rules(raw->rules, e);
	if (rc < 0)
		return rc;
	p->runtime_roots = raw->roots;
	p->rules = raw->rules;
	p->modes = raw->modes;
	p->names = raw->names;
	if (!raw->lift)
		return 0;
	for (const struct json *v = raw->lift->child; v; v = v->next)
		count++;
	p->floor_lift = calloc(count + 1, sizeof(*p->floor_lift));
	if (!p->floor_lift)
		return fail(e, ENOMEM, "out of memory");
	for (const struct json *v = raw->lift->child; v; v = v->next)
		p->floor_lift[i++] = v->text;
	return 0;
}

static int read_words(struct policy *p, const struct raw *raw, struct err *e)
{
	static const char *const keys[] = { "", "actions.tier1", "actions.tier2", "actions.tier3" };
	int rc = 0;

	if (raw->mode)
		rc = policy_mode(raw->mode, &p->mode, e);
	if (rc == 0 && raw->ready_mode)
		rc = policy_mode(raw->ready_mode, &p->ready_mode, e);
	if (rc == 0 && p->ready_mode != MODE_MONITOR && p->ready_mode != MODE_ENFORCE)
		rc = fail(e, EINVAL, "\"ready_mode\" is \"%s\", must be monitor or enforce",
			  raw->ready_mode);
	if (rc == 0 && raw->on_upgrade) {
		p->on_upgrade = strcmp(raw->on_upgrade, "refuse") == 0 ? UPGRADE_REFUSE : UPGRADE_LEARN;
		if (p->on_upgrade == UPGRADE_LEARN && strcmp(raw->on_upgrade, "learn") != 0)
			rc = fail(e, EINVAL, "\"on_upgrade\" is \"%s\", must be refuse or learn", raw->on_upgrade);
	}
	if (rc == 0 && raw->budget) {
		p->budget_text = raw->budget;
		rc = policy_budget(raw->budget, &p->budget, e);
	}
	for (int i = 1; rc == 0 && i <= 3; i++)
		rc = read_action(keys[i], raw->tier[i], &p->action[i], e);
	return rc < 0 ? rc : read_action("sessions", raw->sessions, &p->sessions, e);
}

static int check_values(struct policy *p, struct err *e)
{
	const struct { const char *key, *path; } paths[] = {
		{ "delegate", p->delegate },           { "folders.profiles", p->profiles },
		{ "folders.incidents", p->incidents }, { "folders.run", p->run },
		{ "folders.log", p->log },             { "folders.bpf", p->bpf },
		{ "folders.traces", p->traces },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < COUNT(paths); i++)
		rc = policy_check_path(paths[i].key, paths[i].path, e);
	for (size_t i = 0; rc == 0 && i < COUNT(ranges); i++) {
		const struct range *r = &ranges[i];
		unsigned value = *(const unsigned *)((const char *)p + r->at);

		if (value < r->min || value > r->max)
			rc = fail(e, ERANGE, "\"%s\" is %u, must be %u..%u", r->key, value, r->min,
				  r->max);
	}
	return rc;
}

/* json_fill() of one inner object; its sentence names the object. */
static int fill_inner(const char *key, const struct json *object, const struct json_field *fields,
		      void *out, struct err *e)
{
	int rc = object ? json_fill(object, fields, out, e) : 0;

	return rc < 0 ? fail_in(e, rc, key) : 0;
}

static int read_document(struct policy *p, struct err *e)
{
	struct raw raw = { .allow_seconds = p->allow_seconds, .attach_timeout = p->attach_timeout };
	int rc = json_fill(p->doc, top_fields, &raw, e);

	if (rc == 0)
		rc = fill_inner("folders", raw.folders, folder_fields, p, e);
	if (rc == 0)
		rc = fill_inner("learn", raw.learn, learn_fields, p, e);
	if (rc == 0)
		rc = fill_inner("prove", raw.prove, prove_fields, p, e);
	if (rc == 0)
		rc = fill_inner("actions", raw.actions, action_fields, &raw, e);
	if (rc == 0)
		rc = fill_inner("annotations", raw.annotations, annotation_fields, &raw, e);
	if (rc == 0 && raw.limits)
		rc = policy_limits(raw.limits, &p->limits, e);
	if (rc < 0)
		return rc;
	p->delegate = raw.delegate;
	p->allow_seconds = raw.allow_seconds;
	p->attach_timeout = raw.attach_timeout;
	rc = check_values(p, e);
	if (rc == 0)
		rc = read_words(p, &raw, e);
	return rc < 0 ? rc : read_lists(p, &raw, e);
}

int policy_parse(const char *text, size_t len, struct policy *ret, struct err *e)
{
	struct policy p;
	int rc;

	policy_default(&p);
	rc = json_parse(text, len, JSON_COMMENTS, &p.doc, e);
	if (rc < 0)
		return rc;
	rc = read_document(&p, e);
	if (rc < 0) {
		policy_done(&p);
		return rc;
	}
	*ret = p;
	return 0;
}

void policy_done(struct policy *p)
{
	json_free(p->doc);
	free(p->floor_lift);
	policy_default(p);
}
