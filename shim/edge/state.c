/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"
#include "file.h"
#include "folder.h"

#define STATE_BYTES (1u << 20)

/* HEX: a hash needs all 64 bits, and many a reader of JSON keeps 53. */
enum kind { STR, UINT, U64, HEX };

#define ROW(kind, member) { #member, kind, offsetof(struct state, member) }

static const struct row {
	const char *key;
	enum kind kind;
	size_t at;
} rows[] = {
	ROW(STR, id), ROW(STR, root), ROW(STR, bundle),
	ROW(STR, scope), ROW(STR, name), ROW(STR, image), ROW(STR, profile),
	ROW(STR, identity), ROW(STR, trail), ROW(STR, decided), ROW(STR, predecessor), ROW(STR, asked), ROW(STR, mode), ROW(STR, phase), ROW(STR, words),
	ROW(STR, tiers), ROW(STR, sensor), ROW(STR, gates), ROW(STR, incident), ROW(STR, action),
	ROW(STR, unified), ROW(STR, freezer),
	ROW(UINT, pid), ROW(UINT, keeper), ROW(UINT, monitor), ROW(UINT, slot), ROW(UINT, paused),
	ROW(U64, keeper_start), ROW(U64, monitor_start), ROW(UINT, mntns), ROW(UINT, waiting), ROW(UINT, late),
	ROW(U64, started), ROW(U64, frozen_since), ROW(U64, calls), ROW(U64, lost),
	ROW(U64, deviations), ROW(U64, incidents), ROW(U64, grams), ROW(U64, programs),
	ROW(U64, seconds), ROW(U64, verdicts), ROW(HEX, verdict_hash),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void state_folder(const struct policy *p, const char *root, const char *id, char ret[4096])
{
	char both[8192], hex[DIGEST_HEX + 1];
	size_t root_len = strnlen(root, 4096), id_len = strnlen(id, 4000);

	memcpy(both, root, root_len);
	both[root_len] = '\0';
	memcpy(both + root_len + 1, id, id_len);
	digest_hex(both, root_len + 1 + id_len, hex);
	snprintf(ret, 4096, "%s/containers/%.16s", p->run, hex);
}

static struct json *value(const struct row *row, const struct state *s)
{
	const void *at = (const char *)s + row->at;
	const char *text;
	char hex[24];

	switch (row->kind) {
	case STR:
		text = *(const char *const *)at;
		return json_str(text ? text : "");
	case UINT:
		return json_num(*(const unsigned *)at);
	case U64:
		return json_num((long long)*(const unsigned long long *)at);
	case HEX:
		snprintf(hex, sizeof(hex), "%016llx", *(const unsigned long long *)at);
		return json_str(hex);
	}
	return NULL;
}

struct json *state_json(const struct state *s)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);

	for (size_t i = 0; i < COUNT(rows); i++)
		if (!json_set(doc, rows[i].key, value(&rows[i], s)))
			return NULL;
	return STEAL(doc);
}

/* What is absent is empty and what is unknown is left alone: after an upgrade the monitors that
 * already run still write what they know. */
static bool fill(const struct json *doc, const struct row *row, struct state *s)
{
	const struct json *v = json_get(doc, row->key);
	void *at = (char *)s + row->at;
	unsigned long long number = 0;

	if (row->kind == STR)
		*(const char **)at = json_string(v) ? json_string(v) : "";
	if (!v)
		return true;
	if (row->kind == STR || row->kind == HEX) {
		if (!json_string(v))
			return false;
		if (row->kind == HEX)
			*(unsigned long long *)at = strtoull(json_string(v), NULL, 16);
		return true;
	}
	if (!json_u64(v, &number) || (row->kind == UINT && number > 0xffffffffu))
		return false;
	if (row->kind == UINT)
		*(unsigned *)at = (unsigned)number;
	else
		*(unsigned long long *)at = number;
	return true;
}

int state_load(const char *folder, struct state *ret, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	auto_free char *text = NULL;
	struct state s = { 0 };
	char path[4096 + 16];
	size_t len;
	int rc;

	snprintf(path, sizeof(path), "%s/state.json", folder);
	rc = file_read(path, STATE_BYTES, &text, &len, e);
	if (rc < 0)
		return rc;
	rc = json_parse(text, len, 0, &doc, e);
	if (rc < 0)
		return fail_in(e, rc, path);
	if (doc->type != JSON_OBJECT)
		return fail(e, EINVAL, "%s is not an object", path);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (!fill(doc, &rows[i], &s))
			return fail(e, EINVAL, "%s: \"%s\" is of a wrong type", path, rows[i].key);
	s.doc = STEAL(doc);
	*ret = s;
	return 0;
}

int state_save(const char *folder, const struct state *s, struct err *e)
{
	auto_of(json) struct json *doc = state_json(s);
	char path[4096 + 16];
	auto_buf text = { 0 };
	int rc = file_mkdirs(folder, e);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "%s/state.json", folder);
	if (doc)
		json_emit(doc, 2, &text);
	buf_puts(&text, "\n");
	if (!doc || text.failed)
		return fail(e, ENOMEM, "out of memory");
	return file_replace(AT_FDCWD, path, text.text, text.len, 0600, path, e);
}

void state_remove(const char *folder)
{
	char path[4096 + 16];

	snprintf(path, sizeof(path), "%s/state.json", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/wake", folder);
	unlink(path);
	rmdir(folder);
}

void state_done(struct state *s)
{
	json_free(s->doc);
	*s = (struct state){ 0 };
}

static bool is_key(const char *name)
{
	return strlen(name) == 16 && strspn(name, "0123456789abcdef") == 16;
}

int state_list(const struct policy *p, char ***ret, struct err *e)
{
	auto_names folders = { 0 };
	char top[4096];
	int rc;

	snprintf(top, sizeof(top), "%s/containers", p->run);
	rc = folder_names(top, is_key, &folders, e);
	return rc < 0 ? rc : names_steal(&folders, ret, e);
}

/* One that cannot be read (just created, just deleted) must not hide the others. */
static bool answers(const char *folder, const char *id, bool *exact)
{
	auto_state s = { 0 };
	struct err ignored;

	if (state_load(folder, &s, &ignored) < 0 || strncmp(s.id, id, strlen(id)) != 0)
		return false;
	*exact = strcmp(s.id, id) == 0;
	return true;
}

int state_find(const struct policy *p, const char *id, char folder[4096], struct state *ret,
	       struct err *e)
{
	auto_of(list) char **folders = NULL;
	size_t exact_count = 0, count = 0;
	const char *found = NULL;
	int rc = *id ? state_list(p, &folders, e) : fail(e, ENOENT, "a container's ID is empty");

	if (rc < 0)
		return rc;
	for (size_t i = 0; folders[i]; i++) {
		bool exact = false;

		if (!answers(folders[i], id, &exact))
			continue;
		count++;
		exact_count += exact;
		/* "web" means the container web, not web2: a whole ID wins over a beginning. */
		if (exact || exact_count == 0)
			found = folders[i];
	}
	if (count == 0)
		return fail(e, ENOENT, "no container \"%s\" is watched: thymus status lists them",
			    id);
	if (exact_count > 1 || (exact_count == 0 && count > 1))
		return fail(e, EEXIST,
			    "container \"%s\" is ambiguous, %zu IDs begin so: say more of it", id,
			    exact_count > 1 ? exact_count : count);
	snprintf(folder, 4096, "%s", found);
	return state_load(folder, ret, e);
}
