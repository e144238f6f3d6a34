/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "file.h"
#include "folder.h"
#include "lock.h"

#define PART_BYTES  128 /* scope, name: with suffixes still below NAME_MAX */
#define IMAGE_BYTES 19  /* "sha256-" and twelve digits */

/* `text` as one component of a path: letters, digits, . _ - and no leading dot.  What had to be
 * changed gets a digest behind a '~', which no clean name holds: two workloads share no file. */
static void safe_part(const char *text, size_t max, char ret[PART_BYTES + 16])
{
	char hex[DIGEST_HEX + 1];
	size_t len = strlen(text), n = len < max ? len : max;
	bool changed = len == 0 || len > max;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '_' || c == '-' || (c == '.' && i > 0);

		ret[i] = good ? (char)c : '_';
		changed |= !good;
	}
	ret[n] = '\0';
	if (!changed)
		return;
	digest_hex(text, len, hex);
	snprintf(ret + n, 16, "~%.12s", hex);
}

void store_path(const struct policy *p, const char *scope, const char *name, const char *image,
		char ret[4096])
{
	char parts[3][PART_BYTES + 16], cut[IMAGE_BYTES + 1];

	snprintf(cut, sizeof(cut), "%s", image);
	safe_part(scope, PART_BYTES, parts[0]);
	safe_part(name, PART_BYTES, parts[1]);
	safe_part(cut, IMAGE_BYTES, parts[2]);
	/* Cannot be cut off: policy keeps folders below 1024 bytes. */
	snprintf(ret, 4096, "%s/%s/%s@%s.json", p->profiles, parts[0], parts[1], parts[2]);
}

int store_lock(const char *path, struct store_lock *ret, struct err *e)
{
	char name[4096];
	int rc;

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return fail(e, ENAMETOOLONG, "lock %s: name too long", path);
	rc = lock_folder(path, e);
	if (rc == 0)
		rc = lock_open(name, O_RDWR, e);
	if (rc < 0)
		return rc;
	ret->fd = rc;
	return 0;
}

void store_unlock(struct store_lock *l)
{
	file_close(l->fd);
	l->fd = -1;
}

int store_load(const char *path, struct profile **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int rc = file_read(path, PROFILE_BYTES, &text, &len, e);

	if (rc == -ENOENT)
		return fail(e, ENOENT, "there is no profile %s", path);
	if (rc < 0)
		return rc;
	rc = profile_parse(text, len, ret, e);
	return rc < 0 ? fail_in(e, rc, path) : 0;
}

int store_save(const char *path, const struct profile *p, struct err *e)
{
	auto_buf text = { 0 };
	int rc = profile_emit(p, &text, e);

	if (rc == 0)
		rc = lock_folder(path, e);
	if (rc < 0)
		return rc;
	if (text.failed)
		return fail(e, ENOMEM, "out of memory");
	if (text.len > PROFILE_BYTES)
		return fail(e, EFBIG, "profile %s would be larger than %u bytes", path,
			    PROFILE_BYTES);
	return file_replace(AT_FDCWD, path, text.text, text.len, 0600, path, e);
}

void store_predecessor(const struct policy *p, const char *path, char ret[200])
{
	auto_of(list) char **files = NULL;
	const char *base = strrchr(path, '/') + 1;
	size_t len = (size_t)(strchr(base, '@') + 1 - path);
	struct timespec newest = { 0, 0 };
	struct err ignored;
	struct stat st;

	ret[0] = '\0';
	if (store_list(p, &files, &ignored) < 0)
		return;
	for (size_t i = 0; files[i]; i++) {
		if (strncmp(files[i], path, len) != 0 || strcmp(files[i], path) == 0 || stat(files[i], &st) < 0)
			continue;
		if (st.st_mtim.tv_sec < newest.tv_sec ||
		    (st.st_mtim.tv_sec == newest.tv_sec && st.st_mtim.tv_nsec < newest.tv_nsec))
			continue;
		newest = st.st_mtim;
		base = strrchr(files[i], '/') + 1;
		snprintf(ret, 200, "%.*s", (int)(strlen(base) - strlen(".json")), base);
	}
}

int store_remove(const char *path, struct err *e)
{
	char name[4096];

	if (unlink(path) < 0)
		return fail(e, errno, "remove profile %s: %m", path);
	/* We hold the lock, and lock_open() notices that its file has lost its name. */
	if (snprintf(name, sizeof(name), "%s.lock", path) < (int)sizeof(name))
		unlink(name);
	return 0;
}

static bool is_profile(const char *name)
{
	return name_ends(name, ".json");
}

int store_list(const struct policy *p, char ***ret, struct err *e)
{
	auto_names scopes = { 0 };
	auto_names files = { 0 };
	int rc = folder_names(p->profiles, NULL, &scopes, e);

	for (size_t i = 0; rc == 0 && i < scopes.count; i++) {
		struct stat st;

		if (stat(scopes.name[i], &st) == 0 && S_ISDIR(st.st_mode))
			rc = folder_names(scopes.name[i], is_profile, &files, e);
	}
	return rc < 0 ? rc : names_steal(&files, ret, e);
}

/* Does PROFILES/SCOPE/NAME@IMAGE.json answer to `word`: NAME, NAME@IMAG, SCOPE/NAME ...? */
static bool answers(const char *file, const char *word)
{
	const char *base = strrchr(file, '/') + 1, *scope = base - 1;
	size_t len;

	while (scope > file && scope[-1] != '/')
		scope--;
	if (strchr(word, '/')) {
		len = (size_t)(base - scope);
		if (strncmp(scope, word, len) != 0)
			return false;
		word += len;
	}
	len = strlen(word);
	return strncmp(base, word, len) == 0 && (base[len] == '@' || strchr(word, '@'));
}

int store_find(const struct policy *p, const char *word, char ret[4096], struct err *e)
{
	auto_of(list) char **files = NULL;
	const char *found = NULL;
	struct stat st;
	int rc;

	if ((word[0] == '/' || word[0] == '.') && stat(word, &st) == 0 && S_ISREG(st.st_mode))
		found = word;
	rc = found ? 0 : store_list(p, &files, e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; files && files[i]; i++) {
		if (!answers(files[i], word))
			continue;
		if (found)
			return fail(e, EEXIST, "profile \"%s\" is ambiguous: %s or %s", word,
				    found + strlen(p->profiles) + 1,
				    files[i] + strlen(p->profiles) + 1);
		found = files[i];
	}
	if (!found)
		return fail(e, ENOENT, "there is no profile \"%s\": thymus profile ls lists them",
			    word);
	if (snprintf(ret, 4096, "%s", found) >= 4096)
		return fail(e, ENAMETOOLONG, "profile %s: name too long", word);
	return 0;
}
