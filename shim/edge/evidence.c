/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

enum { MAX_FILES = 128, MAX_MAPS = 256, MAX_PARENTS = 16, MAX_ARGUMENTS = 64 };

/* Names may hold any bytes but JSON wants UTF-8: what is not ASCII is shown as '?'. */
static struct json *text(char *s)
{
	for (char *p = s; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	return json_str(s);
}

static struct json *command_of(pid_t pid)
{
	struct json *list = json_new(JSON_ARRAY);
	auto_free char *words = NULL;
	char path[64];
	struct err e;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	if (file_read(path, 1u << 20, &words, &len, &e) < 0)
		return list;
	int n = 0;
	for (size_t at = 0; at < len && n < MAX_ARGUMENTS; n++) {
		size_t word = strlen(words + at);

		json_add(list, text(words + at));
		at += word + 1;
	}
	return list;
}

static struct json *link_of(const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return NULL;
	target[n] = '\0';
	return text(target);
}

static struct json *files_of(pid_t pid)
{
	struct json *list = json_new(JSON_ARRAY);
	char path[64 + 256];

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *d = opendir(path);
	int n = 0;
	for (struct dirent *at; d && n < MAX_FILES && (at = readdir(d));) {
		struct json *one, *target;

		if (at->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, at->d_name);
		target = link_of(path);
		if (!target)
			continue;
		one = json_new(JSON_OBJECT);
		json_set(one, "fd", json_num(strtol(at->d_name, NULL, 10)));
		json_set(one, "path", target);
		json_add(list, one);
		n++;
	}
	if (d)
		closedir(d);
	return list;
}

static struct json *maps_of(pid_t pid)
{
	struct json *list = json_new(JSON_ARRAY);
	auto_free char *all = NULL;
	char path[64], *save = NULL;
	struct err e;
	size_t len;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	if (file_read(path, 8u << 20, &all, &len, &e) < 0)
		return list;
	for (char *line = strtok_r(all, "\n", &save); line && n < MAX_MAPS; line = strtok_r(NULL, "\n", &save), n++)
		json_add(list, text(line));
	return list;
}

static pid_t parent_of(pid_t pid)
{
	auto_free char *status = NULL;
	char path[64], *at;
	struct err e;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (file_read(path, 1u << 16, &status, &len, &e) < 0 || !(at = strstr(status, "\nPPid:")))
		return 0;
	return (pid_t)strtol(at + 6, NULL, 10);
}

static struct json *parents_of(pid_t pid, pid_t init)
{
	struct json *list = json_new(JSON_ARRAY);
	char path[64];

	for (int n = 0; pid != init && n < MAX_PARENTS; n++) {
		struct json *one, *exe;

		pid = parent_of(pid);
		if (pid <= 1)
			break;
		one = json_new(JSON_OBJECT);
		snprintf(path, sizeof(path), "/proc/%d/exe", pid);
		exe = link_of(path);
		json_set(one, "pid", json_num(pid));
		json_set(one, "path", exe ? exe : json_str(""));
		json_set(one, "command", command_of(pid));
		json_add(list, one);
	}
	return list;
}

struct json *evidence_of(pid_t pid, pid_t init)
{
	struct json *all = json_new(JSON_OBJECT);

	json_set(all, "command", command_of(pid));
	json_set(all, "parents", parents_of(pid, init));
	json_set(all, "files", files_of(pid));
	json_set(all, "maps", maps_of(pid));
	return all;
}
