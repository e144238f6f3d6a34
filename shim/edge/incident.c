/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "incident.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "file.h"
#include "incident_text.h"
#include "lock.h"

int incident_new_id(char ret[32], struct err *e)
{
	unsigned short random;
	struct timespec now;
	char when[20];
	struct tm tm;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return fail(e, errno, "no random number for an incident's ID: %m");
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm);
	snprintf(ret, 32, "%.15s.%03u-%04x", when, (unsigned)(now.tv_nsec / 1000000) % 1000,
		 random);
	return 0;
}

static bool valid_id(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len < 32 && id[0] != '.' && id[0] != '-' &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-") ==
		       len;
}

static int file_of(const struct policy *p, const char *id, const char *file, char ret[4096],
		   struct err *e)
{
	if (!valid_id(id))
		return fail(e, EINVAL, "\"%s\" is no incident's ID: thymus incident ls lists them",
			    id);
	snprintf(ret, 4096, "%s/%s/%s", p->incidents, id, file);
	return 0;
}

int incident_save(const struct policy *p, const char *id, const struct json *doc, struct err *e)
{
	auto_buf text = { 0 };
	char path[4096];
	int rc = file_of(p, id, "incident.json", path, e);

	if (rc == 0)
		rc = lock_folder(path, e);
	if (rc < 0)
		return rc;
	json_emit(doc, 2, &text);
	buf_puts(&text, "\n");
	if (text.failed)
		return fail(e, ENOMEM, "out of memory");
	return file_replace(AT_FDCWD, path, text.text, text.len, 0600, path, e);
}

int incident_list(const struct policy *p, char ***ret, struct err *e)
{
	auto_names folders = { 0 };
	int rc = folder_names(p->incidents, valid_id, &folders, e);

	for (size_t i = 0; rc == 0 && i < folders.count; i++) {
		char *id = folders.name[i];

		memmove(id, id + strlen(p->incidents) + 1, strlen(id) - strlen(p->incidents));
	}
	return rc < 0 ? rc : names_steal(&folders, ret, e);
}

static int find(const struct policy *p, const char *word, char id[32], struct err *e)
{
	auto_of(list) char **ids = NULL;
	const char *found = NULL;
	int rc = incident_list(p, &ids, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; ids[i] && *word; i++) {
		if (strncmp(ids[i], word, strlen(word)) != 0)
			continue;
		if (found)
			return fail(e, EEXIST, "incident \"%s\" is ambiguous: %s or %s", word,
				    found, ids[i]);
		found = ids[i];
		if (strcmp(found, word) == 0)
			break;
	}
	if (!found)
		return fail(e, ENOENT, "there is no incident \"%s\": thymus incident ls lists them",
			    word);
	snprintf(id, 32, "%s", found);
	return 0;
}

int incident_load(const struct policy *p, const char *word, char id[32], struct json **ret,
		  struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	auto_free char *text = NULL;
	char path[4096], whole[32];
	size_t len;
	int rc = find(p, word, whole, e);

	if (rc == 0)
		rc = file_of(p, whole, "incident.json", path, e);
	if (rc == 0)
		rc = file_read(path, INCIDENT_BYTES, &text, &len, e);
	if (rc < 0)
		return rc;
	rc = json_parse(text, len, 0, &doc, e);
	if (rc < 0)
		return fail_in(e, rc, path);
	if (doc->type != JSON_OBJECT)
		return fail(e, EINVAL, "%s is not an object", path);
	memcpy(id, whole, sizeof(whole));
	*ret = STEAL(doc);
	return 0;
}

int incident_mark(const struct policy *p, const char *id, const char *state, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	char path[4096], whole[32];
	auto_of(fd) int fd = -1;
	int rc = file_of(p, id, "lock", path, e);

	if (rc == 0)
		rc = fd = lock_open(path, O_RDWR, e);
	if (rc < 0)
		return rc;
	rc = incident_load(p, id, whole, &doc, e);
	if (rc < 0)
		return rc;
	if (!json_set(doc, "state", json_str(state)))
		return fail(e, ENOMEM, "out of memory");
	return incident_save(p, whole, doc, e);
}

static struct json *copy_of(const struct json *v)
{
	if (v && v->type == JSON_STRING)
		return json_str(v->text);
	if (v && v->type == JSON_NUMBER)
		return json_real(strtod(v->text, NULL));
	return json_str("");
}

static bool add_row(struct json *array, const char *id, const struct json *doc)
{
	struct json *row = json_add(array, json_new(JSON_OBJECT));
	auto_buf verdict = { 0 };
	unsigned long long tier = 0;

	if (!doc)
		return json_set(row, "id", json_str(id)) &&
		       json_set(row, "state", json_str("unreadable"));
	incident_words(json_get(doc, "verdict"), ",", &verdict);
	json_u64(json_get(doc, "tier"), &tier);
	return json_set(row, "id", json_str(id)) &&
	       json_set(row, "when", copy_of(json_get(doc, "when"))) &&
	       json_set(row, "container", copy_of(json_at(doc, "container.id"))) &&
	       json_set(row, "name", copy_of(json_at(doc, "profile.name"))) &&
	       json_set(row, "tier", json_num((long long)tier)) && !verdict.failed &&
	       json_set(row, "verdict", json_str(verdict.text ? verdict.text : "")) &&
	       json_set(row, "action", copy_of(json_get(doc, "action"))) &&
	       json_set(row, "prevented", json_flag(json_is_true(json_get(doc, "prevented")))) &&
	       json_set(row, "program", copy_of(json_at(doc, "program.path"))) &&
	       json_set(row, "state", copy_of(json_get(doc, "state")));
}

int incident_rows(const struct policy *p, struct json **ret, struct err *e)
{
	auto_of(json) struct json *array = json_new(JSON_ARRAY);
	auto_of(list) char **ids = NULL;
	int rc = incident_list(p, &ids, e);

	if (rc < 0)
		return rc;
	for (size_t i = 0; ids[i]; i++) {
		auto_of(json) struct json *doc = NULL;
		struct err ignored;
		char id[32];

		/* An incident is a folder before it is a file: being written, or broken off. */
		if (incident_load(p, ids[i], id, &doc, &ignored) < 0)
			doc = NULL;
		if (!add_row(array, ids[i], doc))
			return fail(e, ENOMEM, "out of memory");
	}
	*ret = STEAL(array);
	return 0;
}
