/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "said.h"

#include <string.h>

#include "table.h"
#include "when.h"

static const char *const kinds[] = { "names", "containers" };

static bool is_object(const struct json *v)
{
	return v && v->type == JSON_OBJECT;
}

static unsigned long long number(const struct json *entry, const char *key)
{
	unsigned long long value = 0;

	return json_u64(json_get(entry, key), &value) ? value : 0;
}

static int check_entry(const struct json *entry, const char *whom, bool timed, struct err *e)
{
	const char *word = json_string(json_get(entry, "mode"));
	unsigned long long until = 0;
	enum mode mode;

	if (!is_object(entry) || !word)
		return fail(e, EINVAL, "what it says for %.60s is no mode", whom);
	if (policy_mode(word, &mode, e) < 0)
		return -EINVAL;
	if (json_get(entry, "until") && !json_u64(json_get(entry, "until"), &until))
		return fail(e, EINVAL, "\"until\" for %.60s is no time", whom);
	return timed && !until ? fail(e, EINVAL, "for %.60s it does not say until when", whom) : 0;
}

static int check_part(const struct json *part, bool timed, struct err *e)
{
	const struct json *all = json_get(part, "all");
	int rc = all ? check_entry(all, "all", timed, e) : 0;

	for (size_t i = 0; i < 2 && rc == 0; i++) {
		const struct json *entries = json_get(part, kinds[i]);

		if (entries && !is_object(entries))
			return fail(e, EINVAL, "\"%s\" is not an object", kinds[i]);
		for (const struct json *v = entries ? entries->child : NULL; v && rc == 0; v = v->next)
			rc = check_entry(v, v->key, timed, e);
	}
	return rc;
}

int said_check(const struct json *doc, struct err *e)
{
	const struct json *timed = json_get(doc, "timed");
	int rc;

	if (!is_object(doc) || (timed && !is_object(timed)))
		return fail(e, EINVAL, "it is not an object");
	rc = check_part(doc, false, e);
	return rc == 0 && timed ? check_part(timed, true, e) : rc;
}

static bool over(const struct json *entry, unsigned long long now)
{
	unsigned long long until = number(entry, "until");

	return until != 0 && until <= now;
}

/* An entry of one part, if it is in force. */
static const struct json *in_part(const struct json *part, const char *kind, const char *key, unsigned long long now)
{
	const struct json *entry = kind ? key ? json_get(json_get(part, kind), key) : NULL : json_get(part, "all");

	return entry && !over(entry, now) ? entry : NULL;
}

const struct json *said_find(const struct json *doc, const struct said_for *whom, unsigned long long now, const char **kind)
{
	const char *slash = whom->name ? strchr(whom->name, '/') : NULL;
	const struct { const char *kind, *key, *word; } order[] = {
		{ NULL, NULL, "all" }, { "containers", whom->key, "container" }, { "names", whom->name, "name" },
		{ "names", slash ? slash + 1 : NULL, "name" },
	};
	const struct json *timed = json_get(doc, "timed");

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct json *entry = in_part(timed, order[i].kind, order[i].key, now);

		entry = entry ? entry : in_part(doc, order[i].kind, order[i].key, now);
		if (entry && kind)
			*kind = order[i].word;
		if (entry)
			return entry;
	}
	return NULL;
}

static bool asks(const struct json *entry, enum mode mode, unsigned long long now)
{
	return entry && !over(entry, now) && said_mode(entry) == mode;
}

bool said_asks(const struct json *doc, enum mode mode, unsigned long long now)
{
	const struct json *parts[] = { doc, json_get(doc, "timed") };

	for (size_t i = 0; i < 2; i++) {
		if (asks(json_get(parts[i], "all"), mode, now))
			return true;
		for (size_t k = 0; k < 2; k++) {
			const struct json *entries = json_get(parts[i], kinds[k]);

			for (const struct json *v = entries ? entries->child : NULL; v; v = v->next)
				if (asks(v, mode, now))
					return true;
		}
	}
	return false;
}

enum mode said_mode(const struct json *entry)
{
	const char *word = json_string(json_get(entry, "mode"));
	enum mode mode = MODE_OFF;
	struct err ignored;

	return word && policy_mode(word, &mode, &ignored) == 0 ? mode : MODE_OFF;
}

bool said_has_name(const struct json *doc, const char *name)
{
	return json_get(json_get(doc, "names"), name) || json_get(json_get(json_get(doc, "timed"), "names"), name);
}

static struct json *object_in(struct json *doc, const char *key)
{
	struct json *there = json_get(doc, key);

	return is_object(there) ? there : json_set(doc, key, json_new(JSON_OBJECT));
}

static void forget(struct json *part, const struct said_for *whom)
{
	if (whom->key || whom->name) {
		json_remove(json_get(part, kinds[whom->key != NULL]), whom->key ? whom->key : whom->name);
		return;
	}
	json_remove(part, "all");
	json_remove(part, "names");
	json_remove(part, "containers");
}

bool said_put(struct json *doc, const struct said_for *whom, bool timed, struct json *entry)
{
	auto_of(json) struct json *mine = entry;
	struct json *part = timed && entry ? object_in(doc, "timed") : doc;

	if (!entry) {
		forget(doc, whom);
		forget(json_get(doc, "timed"), whom);
		return true;
	}
	if (!timed) /* said for good: what was said for a while is over */
		json_remove(whom->key || whom->name ? json_get(json_get(doc, "timed"), kinds[whom->key != NULL]) :
			    json_get(doc, "timed"), whom->key ? whom->key : whom->name ? whom->name : "all");
	if (!whom->key && !whom->name)
		return json_set(part, "all", STEAL(mine));
	return json_set(object_in(part, kinds[whom->key != NULL]), whom->key ? whom->key : whom->name, STEAL(mine));
}

static void sweep_entries(struct json *entries, unsigned long long now, bool (*keep)(void *, const struct json *), void *ctx)
{
	struct json *next;

	for (struct json *v = entries ? entries->child : NULL; v; v = next) {
		next = v->next;
		if (over(v, now) || (keep && !keep(ctx, v)))
			json_remove(entries, v->key);
	}
}

void said_sweep(struct json *doc, unsigned long long now, bool (*keep)(void *, const struct json *), void *ctx)
{
	struct json *parts[] = { doc, json_get(doc, "timed") };

	for (size_t i = 0; i < 2; i++) {
		if (parts[i] && json_get(parts[i], "all") && over(json_get(parts[i], "all"), now))
			json_remove(parts[i], "all");
		sweep_entries(json_get(parts[i], "names"), now, NULL, NULL);
		sweep_entries(json_get(parts[i], "containers"), now, keep, ctx);
	}
}

static bool add_row(struct json *rows, const struct json *entry, const char *kind, const char *target, bool timed)
{
	static const char *const copied[] = { "mode", "user", "by" }, *const numbers[] = { "until", "since", "uid" };
	struct json *row = json_add(rows, json_new(JSON_OBJECT));
	const char *id = json_string(json_get(entry, "id"));
	bool fine = json_set(row, "target", json_str(id ? id : target)) && json_set(row, "kind", json_str(kind)) &&
		    json_set(row, "timed", json_flag(timed));

	for (size_t i = 0; i < 3; i++) {
		const char *text = json_string(json_get(entry, copied[i]));

		fine = fine && json_set(row, copied[i], json_str(text ? text : "")) &&
		       json_set(row, numbers[i], json_num((long long)number(entry, numbers[i])));
	}
	return fine;
}

struct json *said_rows(const struct json *doc, unsigned long long now)
{
	auto_of(json) struct json *rows = json_new(JSON_ARRAY);
	const struct json *parts[] = { json_get(doc, "timed"), doc };
	bool fine = rows != NULL;

	for (size_t p = 0; p < 2; p++) {
		const struct json *all = in_part(parts[p], NULL, NULL, now);

		if (all)
			fine = fine && add_row(rows, all, "all", "all", p == 0);
	}
	for (size_t k = 2; k-- > 0;)
		for (size_t p = 0; p < 2; p++) {
			const struct json *entries = json_get(parts[p], kinds[k]);

			for (const struct json *v = entries ? entries->child : NULL; v; v = v->next)
				if (!over(v, now))
					fine = fine && add_row(rows, v, k ? "container" : "name", v->key, p == 0);
		}
	return fine ? STEAL(rows) : NULL;
}

static void moment(const struct json *row, const char *key, const char *before, struct buf *to)
{
	char when[32];

	if (!number(row, key))
		return;
	when_text(number(row, key), when);
	buf_printf(to, "%s%s", before, when);
}

void said_text(const struct json *row, unsigned long long now, struct buf *to)
{
	const char *user = json_string(json_get(row, "user")), *by = json_string(json_get(row, "by"));
	const char *kind = json_string(json_get(row, "kind")), *target = json_string(json_get(row, "target"));
	unsigned long long since = number(row, "since"), until = number(row, "until");
	char span[32];

	buf_puts(to, "MODE ");
	text_clean(to, policy_mode_name(said_mode(row)));
	buf_puts(to, " for ");
	if (kind && strcmp(kind, "container") == 0)
		buf_puts(to, "container ");
	text_clean(to, target ? target : "");
	buf_puts(to, ", said by ");
	if (user && *user)
		text_clean(to, user);
	else
		buf_printf(to, "uid %llu", number(row, "uid"));
	if (by && *by) {
		buf_puts(to, " (");
		text_clean(to, by);
		buf_puts(to, ")");
	}
	moment(row, "since", " at ", to);
	when_span(now > since ? now - since : 0, span);
	if (since)
		buf_printf(to, ", %s ago", span);
	moment(row, "until", ", until ", to);
	if (!until)
		buf_puts(to, ", until thymus mode default");
	buf_puts(to, "\n");
}
