/* SPDX-License-Identifier: GPL-2.0-or-later */
/* incident_room.c - which incidents stay, where there is room for so many only. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "file.h"
#include "incident.h"
#include "state.h"

enum { ID_BYTES = 32, BLOCK = 4096 };

/* INCIDENTS/.first/DIGEST holds the ID of a workload's first incident. */
static void first_file(const struct policy *p, const char *scope, const char *name, char ret[4096])
{
	char both[2048], hex[DIGEST_HEX + 1];
	int n = snprintf(both, sizeof(both), "%.1000s/%.1000s", scope, name);

	digest_hex(both, (size_t)n, hex);
	snprintf(ret, 4096, "%s/.first/%.32s", p->incidents, hex);
}

static bool first_id(const char *file, char ret[ID_BYTES])
{
	auto_free char *text = NULL;
	struct err ignored;
	size_t len;

	if (file_read(file, ID_BYTES, &text, &len, &ignored) < 0 || strchr(text, '/'))
		return false;
	snprintf(ret, ID_BYTES, "%.*s", (int)strcspn(text, "\n"), text);
	return ret[0] && ret[0] != '.';
}

void incident_first(const struct policy *p, const char *id, const char *scope, const char *name)
{
	char file[4096], folder[4096], known[ID_BYTES];
	struct err ignored;

	first_file(p, scope, name, file);
	if (first_id(file, known)) {
		snprintf(folder, sizeof(folder), "%s/%s", p->incidents, known);
		if (access(folder, F_OK) == 0)
			return; /* else a person removed it */
	}
	snprintf(folder, sizeof(folder), "%s/.first", p->incidents);
	if (file_mkdirs(folder, &ignored) == 0)
		(void)!file_replace(AT_FDCWD, file, id, strlen(id), 0600, file, &ignored);
}

/* Folders of incidents that stay whatever the limits say. */
static int find_kept(const struct policy *p, const char *newest, struct names *ret, struct err *e)
{
	auto_of(list) char **containers = NULL;
	auto_names files = { 0 };
	char folder[4096];
	int rc = names_add(ret, p->incidents, newest, e);

	snprintf(folder, sizeof(folder), "%s/.first", p->incidents);
	if (rc == 0)
		rc = folder_names(folder, NULL, &files, e);
	for (size_t i = 0; i < files.count && rc == 0; i++) {
		char id[ID_BYTES];

		if (first_id(files.name[i], id))
			rc = names_add(ret, p->incidents, id, e);
	}
	if (rc == 0)
		rc = state_list(p, &containers, e);
	for (size_t i = 0; rc == 0 && containers[i]; i++) {
		auto_state s = { 0 };
		struct err ignored;

		if (state_load(containers[i], &s, &ignored) == 0 && *s.action && *s.incident)
			rc = names_add(ret, p->incidents, s.incident, e);
	}
	return rc;
}

static bool is_kept(const struct names *kept, const char *folder)
{
	for (size_t i = 0; i < kept->count; i++)
		if (strcmp(kept->name[i], folder) == 0)
			return true;
	return false;
}

/* What it takes on the disk, its folder included. */
static unsigned long long size_of(const char *folder)
{
	char path[4096 + 16];
	struct stat st;

	snprintf(path, sizeof(path), "%s/incident.json", folder);
	return stat(path, &st) < 0 ? BLOCK : BLOCK + ((unsigned long long)st.st_size + BLOCK - 1) / BLOCK * BLOCK;
}

/* Ours in it, and what a writer that was killed left; a person's notes stay, and the folder with them. */
static bool is_ours(const char *name)
{
	return strncmp(name, "incident.json", strlen("incident.json")) == 0 || strcmp(name, "lock") == 0;
}

static void remove_one(const char *folder)
{
	auto_names files = { 0 };
	struct err ignored;

	if (folder_names(folder, is_ours, &files, &ignored) < 0)
		return;
	for (size_t i = 0; i < files.count; i++)
		(void)unlink(files.name[i]);
	(void)rmdir(folder);
}

void incident_prune(const struct policy *p, const char *id)
{
	unsigned long long bytes = 0, most = (unsigned long long)p->limits.incidents_mib << 20;
	auto_of(list) char **ids = NULL;
	auto_names kept = { 0 };
	size_t count = 0;
	struct err ignored;
	char folder[4096];

	if (incident_list(p, &ids, &ignored) < 0)
		return;
	for (; ids[count]; count++) {
		snprintf(folder, sizeof(folder), "%s/%s", p->incidents, ids[count]);
		bytes += size_of(folder);
	}
	if ((count <= p->limits.incidents && bytes <= most) || find_kept(p, id, &kept, &ignored) < 0)
		return;
	for (size_t i = 0; ids[i] && (count > p->limits.incidents || bytes > most); i++) {
		snprintf(folder, sizeof(folder), "%s/%s", p->incidents, ids[i]);
		if (is_kept(&kept, folder))
			continue;
		bytes -= size_of(folder);
		count--;
		remove_one(folder);
	}
}
