/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "override.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"

#define OVERRIDE_BYTES (1u << 20)

static int read_all(const struct policy *p, char path[4096], struct json **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int rc;

	snprintf(path, 4096, "%s/mode.json", p->run);
	rc = file_read(path, OVERRIDE_BYTES, &text, &len, e);
	if (rc < 0)
		return rc;
	rc = json_parse(text, len, 0, ret, e);
	return rc < 0 ? fail_in(e, rc, path) : 0;
}

static bool expired(const struct json *entry, unsigned long long now)
{
	unsigned long long until = 0;

	return json_u64(json_get(entry, "until"), &until) && until != 0 && until <= now;
}

static bool entry_mode(const struct json *entry, enum mode *ret)
{
	const char *word = json_string(json_get(entry, "mode"));
	struct err ignored;

	return word && !expired(entry, (unsigned long long)time(NULL)) &&
	       policy_mode(word, ret, &ignored) == 0;
}

static const char *key_of(const char *folder)
{
	const char *slash = strrchr(folder, '/');

	return slash ? slash + 1 : folder;
}

bool override_get(const struct policy *p, const char *folder, const char *name, enum mode *ret)
{
	auto_of(json) struct json *doc = NULL;
	const struct json *own;
	struct err ignored;
	char path[4096];

	if (read_all(p, path, &doc, &ignored) < 0)
		return false;
	own = folder ? json_get(json_get(doc, "containers"), key_of(folder)) : NULL;
	return entry_mode(json_get(doc, "all"), ret) || entry_mode(own, ret) ||
	       entry_mode(json_get(json_get(doc, "names"), name), ret);
}

bool override_has_name(const struct policy *p, const char *name)
{
	auto_of(json) struct json *doc = NULL;
	struct err ignored;
	char path[4096];

	return read_all(p, path, &doc, &ignored) == 0 && json_get(json_get(doc, "names"), name);
}

/* The file grows by an entry a name and a container for ever, unless what is over leaves it. */
static void sweep(const struct policy *p, struct json *entries, bool containers)
{
	unsigned long long now = (unsigned long long)time(NULL);
	struct json *next;
	char folder[4096];

	for (struct json *v = entries ? entries->child : NULL; v; v = next) {
		bool over = expired(v, now);

		next = v->next;
		if (containers) {
			snprintf(folder, sizeof(folder), "%s/containers/%.64s", p->run, v->key);
			over |= access(folder, F_OK) < 0;
		}
		if (over)
			json_remove(entries, v->key);
	}
}

/* The object that holds entries of this kind, made if need be. */
static struct json *kind_of(struct json *doc, const char *kind)
{
	struct json *entries = json_get(doc, kind);

	if (entries && entries->type == JSON_OBJECT)
		return entries;
	return json_set(doc, kind, json_new(JSON_OBJECT));
}

/* The document to change: what is there, or a new one where nothing is or nobody can read it (the
 * one switch must not fail because of an old slip). */
static struct json *open_document(const struct policy *p, char path[4096])
{
	auto_of(json) struct json *doc = NULL;
	struct err ignored;

	if (read_all(p, path, &doc, &ignored) < 0 || doc->type != JSON_OBJECT) {
		json_free(doc);
		doc = json_new(JSON_OBJECT);
	}
	sweep(p, json_get(doc, "names"), false);
	sweep(p, json_get(doc, "containers"), true);
	return STEAL(doc);
}

/* `entry` NULL: forget. */
static bool put(struct json *doc, const struct override *o, struct json *entry)
{
	struct json *entries = doc;
	const char *key = "all";

	if (o->folder || o->name) {
		key = o->folder ? key_of(o->folder) : o->name;
		entries = kind_of(doc, o->folder ? "containers" : "names");
	}
	if (entry)
		return json_set(entries, key, entry);
	if (entries == doc) {
		json_remove(doc, "names");
		json_remove(doc, "containers");
	}
	json_remove(entries, key);
	return doc;
}

/* Under the lock: read, change, replace. */
static int change(const struct policy *p, const struct override *o, struct json *entry,
		  struct err *e)
{
	auto_of(json) struct json *mine = entry;
	auto_of(json) struct json *doc = NULL;
	char path[4096], lock[4096];
	auto_buf text = { 0 };
	int rc;

	snprintf(lock, sizeof(lock), "%s/mode.json.lock", p->run);
	rc = lock_folder(lock, e);
	if (rc < 0)
		return rc;
	auto_of(fd) int fd = lock_open(lock, O_RDWR, e);
	if (fd < 0)
		return fd;
	doc = open_document(p, path);
	if (!put(doc, o, STEAL(mine)))
		return fail(e, ENOMEM, "out of memory");
	json_emit(doc, 2, &text);
	buf_puts(&text, "\n");
	if (text.failed)
		return fail(e, ENOMEM, "out of memory");
	return file_replace(AT_FDCWD, path, text.text, text.len, 0600, path, e);
}

int override_set(const struct policy *p, const struct override *o, enum mode mode,
		 unsigned long long until, struct err *e)
{
	struct json *entry = json_new(JSON_OBJECT);

	if (!json_set(entry, "mode", json_str(policy_mode_name(mode))) ||
	    !json_set(entry, "until", json_num((long long)until))) {
		json_free(entry);
		return fail(e, ENOMEM, "out of memory");
	}
	return change(p, o, entry, e);
}

int override_clear(const struct policy *p, const struct override *o, struct err *e)
{
	return change(p, o, NULL, e);
}
