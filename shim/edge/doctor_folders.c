/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "patient.h"
#include "room.h"
#include "store.h"

enum { DAY = 86400 };

/* Who may write a folder above may put another in its place; a sticky one lets nobody move what is not his. */
static bool is_swappable(struct patient *t, const char *key, const char *path)
{
	char above[PATH_MAX], remedy[2200];
	struct stat st;
	char *slash;

	snprintf(above, sizeof(above), "%s", path);
	while ((slash = strrchr(above, '/')) != NULL && slash > above) {
		*slash = '\0';
		if (stat(above, &st) < 0)
			continue;
		if ((st.st_uid == 0 || st.st_uid == geteuid()) && (!(st.st_mode & 022) || st.st_mode & S_ISVTX))
			continue;
		/* a system's own folder may be so on purpose, for a group of its daemons */
		snprintf(remedy, sizeof(remedy), "name another folder in the policy, or, if nobody else needs it so: chown root %.900s && "
			 "chmod go-w %.900s", above, above);
		patient_find(t, st.st_uid == 0 && !(st.st_mode & 02) ? "warn" : "fail", key, remedy, "%.400s lies below %.90s, which others may write: they could put another in its place", path,
			     above);
		return true;
	}
	return false;
}

static void room(struct patient *t, const char *key, const char *path)
{
	struct statvfs fs;
	struct err e;

	if (statvfs(path, &fs) < 0)
		return;
	if (fs.f_flag & ST_RDONLY)
		patient_find(t, "fail", key, "mount it for writing, or name another folder in the policy", "%.400s is on a file system that is "
			     "read-only", path);
	else if (room_left(t->policy, path, &e) < 0)
		patient_find(t, "fail", key, "make room, or name another folder in the policy", "%s", e.text);
	else if (fs.f_bavail * fs.f_frsize < 64u << 20 && fs.f_bavail * 20 < fs.f_blocks)
		patient_find(t, "warn", key, "make room, or name another folder in the policy",
			     "%.400s has little room left: what is learned and why something was stopped could not be written", path);
	else if (fs.f_files > 0 && fs.f_favail < 1000 && fs.f_favail * 20 < fs.f_files)
		patient_find(t, "warn", key, "remove files, or name another folder in the policy",
			     "%.400s has few files left on its file system: what is learned and why something was stopped could not be written", path);
}

static void folder(struct patient *t, const char *key, const char *path)
{
	struct stat st;

	if (is_swappable(t, key, path) || (lstat(path, &st) < 0 && errno == ENOENT))
		return; /* made when it is needed */
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		patient_find(t, "fail", key, "remove what lies there, or name another folder in the policy", "%.400s is no folder", path);
	else if (!patient_is_open(t, key, path, "they could change what is enforced"))
		room(t, key, path);
}

void check_folders(struct patient *t)
{
	const struct policy *p = t->policy;
	char log[PATH_MAX];
	struct stat st;

	folder(t, "profiles", p->profiles);
	folder(t, "incidents", p->incidents);
	folder(t, "run", p->run);
	folder(t, "log", p->log);
	if (p->traces)
		folder(t, "traces", p->traces);
	snprintf(log, sizeof(log), "%s/events.jsonl", p->log);
	if (lstat(log, &st) == 0 && !S_ISREG(st.st_mode))
		patient_find(t, "fail", "log", "move it away", "%.400s is no file: nothing can be recorded", log);
}

/* ---- the clock ---- */

static const char *later_than(time_t limit, char **files)
{
	struct stat st;

	for (size_t i = 0; files && files[i]; i++)
		if (stat(files[i], &st) == 0 && st.st_mtim.tv_sec > limit)
			return files[i];
	return NULL;
}

void check_clock(struct patient *t)
{
	auto_of(list) char **profiles = NULL, **incidents = NULL;
	auto_names names = { 0 };
	struct err e;
	const char *found;

	if (store_list(t->policy, &profiles, &e) < 0 || folder_names(t->policy->incidents, NULL, &names, &e) < 0 ||
	    names_steal(&names, &incidents, &e) < 0)
		return; /* told by others */
	found = later_than(time(NULL) + DAY, profiles);
	if (!found)
		found = later_than(time(NULL) + DAY, incidents);
	if (found)
		patient_find(t, "warn", "clock", "set the clock (timedatectl), and see whether it is kept", "%.400s was written more than a day "
			     "from now: by the clock of this host, incidents are out of order and spans of time are wrong", found);
}
