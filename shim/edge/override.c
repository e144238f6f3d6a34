/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "override.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"
#include "rootless.h"
#include "said.h"
#include "who.h"

#define OVERRIDE_BYTES (1u << 20)
#define KEEP_SECONDS   (30ull * 86400) /* a container that does not run may be started again */

static unsigned long long now(void)
{
	return (unsigned long long)time(NULL);
}

static void name_file(const char *folder, char ret[4096])
{
	snprintf(ret, 4096, "%s/mode.json", folder);
}

/* Whoever may write it decides what is enforced. */
static int check_owner(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(e, errno, "stat %s: %m", path);
	if (!rootless_trusts(st.st_uid) || st.st_mode & (S_IWGRP | S_IWOTH))
		return fail(e, EPERM, "%s may be written by others: chown root %s && chmod 600 %s", path, path, path);
	return 0;
}

static int read_file(const char *path, struct json **ret, struct err *e)
{
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	auto_of(json) struct json *doc = NULL;
	auto_free char *text = NULL;
	size_t len;
	int rc;

	if (fd < 0)
		return fail(e, errno, "open %s: %m", path);
	rc = check_owner(fd, path, e);
	if (rc == 0)
		rc = file_read_fd(fd, path, OVERRIDE_BYTES, &text, &len, e);
	if (rc < 0)
		return rc;
	rc = json_parse(text, len, 0, &doc, e);
	if (rc == 0)
		rc = said_check(doc, e);
	if (rc < 0)
		return fail_in(e, rc, path);
	*ret = STEAL(doc);
	return 0;
}

int override_read(const struct policy *p, struct json **ret, struct err *e)
{
	const char *const folders[] = { p->run, p->profiles };
	struct err found;
	char path[4096];
	int first = 0;

	*ret = NULL;
	for (size_t i = 0; i < 2 && !*ret; i++) {
		name_file(folders[i], path);
		int rc = read_file(path, ret, &found);

		if (rc < 0 && rc != -ENOENT && first == 0) {
			first = rc;
			*e = found;
		}
	}
	if (!*ret)
		*ret = json_new(JSON_OBJECT);
	return *ret ? first : fail(e, ENOMEM, "out of memory");
}

int override_check(const struct policy *p, struct err *e)
{
	auto_of(json) struct json *run = NULL, *kept = NULL;
	char path[4096];
	int rc;

	name_file(p->run, path);
	rc = read_file(path, &run, e);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	name_file(p->profiles, path);
	rc = read_file(path, &kept, e);
	return rc == -ENOENT ? 0 : rc;
}

static const char *key_of(const char *folder)
{
	const char *slash = folder ? strrchr(folder, '/') : NULL;

	return slash ? slash + 1 : folder;
}

const struct json *override_find(const struct policy *p, const char *folder, const char *name, struct json **doc,
				 const char **kind)
{
	const struct said_for whom = { key_of(folder), name };
	struct err told_elsewhere;

	(void)!override_read(p, doc, &told_elsewhere);
	return said_find(*doc, &whom, now(), kind);
}

bool override_get(const struct policy *p, const char *folder, const char *name, enum mode *ret)
{
	auto_of(json) struct json *doc = NULL;
	const struct json *entry = override_find(p, folder, name, &doc, NULL);

	if (entry)
		*ret = said_mode(entry);
	return entry;
}

bool override_asks(const struct policy *p, enum mode mode)
{
	auto_of(json) struct json *doc = NULL;
	struct err told_elsewhere;

	(void)!override_read(p, &doc, &told_elsewhere);
	return said_asks(doc, mode, now());
}

bool override_exists(const struct policy *p)
{
	char run[4096], kept[4096];

	name_file(p->run, run);
	name_file(p->profiles, kept);
	return access(run, F_OK) == 0 || access(kept, F_OK) == 0;
}

bool override_has_name(const struct policy *p, const char *name)
{
	auto_of(json) struct json *doc = NULL;
	struct err told_elsewhere;

	(void)!override_read(p, &doc, &told_elsewhere);
	return said_has_name(doc, name);
}

/* The file grows by an entry a container for ever, unless those that will not come back leave it. */
static bool keep_container(void *ctx, const struct json *entry)
{
	const struct policy *p = ctx;
	unsigned long long since = 0;
	char folder[4096];

	snprintf(folder, sizeof(folder), "%s/containers/%.64s", p->run, entry->key);
	return access(folder, F_OK) == 0 || (json_u64(json_get(entry, "since"), &since) && since + KEEP_SECONDS > now());
}

static int write_file(const char *path, const struct json *doc, struct err *e)
{
	auto_buf text = { 0 };

	json_emit(doc, 2, &text);
	buf_puts(&text, "\n");
	if (text.failed)
		return fail(e, ENOMEM, "out of memory");
	if (text.len > OVERRIDE_BYTES)
		return fail(e, EFBIG, "%s would be larger than %u bytes: thymus mode default --all empties it", path, OVERRIDE_BYTES);
	return file_replace(AT_FDCWD, path, text.text, text.len, 0600, path, e);
}

/* What nobody understands is put aside, for whoever wants to know what it was. */
static void put_aside(const char *path)
{
	char aside[4096 + 16];

	snprintf(aside, sizeof(aside), "%s.unreadable", path);
	(void)!rename(path, aside);
}

static int lock_up(const struct policy *p, struct err *e)
{
	char lock[4096];
	int rc;

	snprintf(lock, sizeof(lock), "%s/mode.json.lock", p->run);
	rc = lock_folder(lock, e);
	return rc < 0 ? rc : lock_open(lock, O_RDWR, e);
}

/* Under the lock: read, change, replace. */
static int change(const struct policy *p, const struct override *o, bool timed, struct json *entry, struct err *e)
{
	const struct said_for whom = { key_of(o->folder), o->name };
	auto_of(json) struct json *mine = entry;
	auto_of(json) struct json *doc = NULL;
	auto_of(fd) int fd = lock_up(p, e);
	char path[4096];

	if (fd < 0)
		return fd;
	name_file(p->run, path);
	if (override_read(p, &doc, e) < 0 && doc)
		put_aside(path);
	said_sweep(doc, now(), keep_container, (void *)p);
	if (!doc || !said_put(doc, &whom, timed, STEAL(mine)))
		return fail(e, ENOMEM, "out of memory");
	return write_file(path, doc, e);
}

int override_set(const struct policy *p, const struct override *o, enum mode mode,
		 unsigned long long until, struct err *e)
{
	struct json *entry = json_new(JSON_OBJECT);
	struct who who;

	who_am_i(&who);
	if (!json_set(entry, "mode", json_str(policy_mode_name(mode))) ||
	    !json_set(entry, "until", json_num((long long)until)) ||
	    !json_set(entry, "since", json_num((long long)now())) ||
	    !json_set(entry, "uid", json_num(who.uid)) || !json_set(entry, "user", json_str(who.user)) ||
	    !json_set(entry, "by", json_str(who.by)) || (o->id && !json_set(entry, "id", json_str(o->id)))) {
		json_free(entry);
		return fail(e, ENOMEM, "out of memory");
	}
	return change(p, o, until != 0, entry, e);
}

int override_clear(const struct policy *p, const struct override *o, struct err *e)
{
	return change(p, o, false, NULL, e);
}

static bool same(const struct json *a, const struct json *b)
{
	auto_buf x = { 0 }, y = { 0 };

	json_emit(a, 0, &x);
	json_emit(b, 0, &y);
	return !x.failed && !y.failed && x.len == y.len && memcmp(x.text, y.text, x.len) == 0;
}

int override_keep(const struct policy *p, struct err *e)
{
	auto_of(json) struct json *doc = NULL, *kept = NULL;
	auto_of(fd) int fd = lock_up(p, e);
	char path[4096];
	int rc, there;

	if (fd < 0)
		return fd;
	name_file(p->run, path);
	rc = read_file(path, &doc, e);
	if (rc < 0)
		return rc;
	json_remove(doc, "timed");
	name_file(p->profiles, path);
	there = read_file(path, &kept, e);
	if ((there == 0 && same(doc, kept)) || (there == -ENOENT && !doc->child))
		return 0;
	if (there < 0 && there != -ENOENT)
		put_aside(path);
	rc = file_mkdirs(p->profiles, e);
	return rc < 0 ? rc : write_file(path, doc, e);
}
