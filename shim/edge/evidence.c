/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

enum { MAX_FILES = 128, MAX_MAPS = 256, MAX_PARENTS = 16, MAX_ARGUMENTS = 64 };
enum { EVIDENCE = 256 << 10, SHARE = EVIDENCE / 4, ENTRY = 96 };

/* What one list may still take of the incident: names and arguments are as long as the process wants. */
struct share {
	size_t left;
	bool cut;
};

/* Names may hold any bytes but JSON wants UTF-8: what is not ASCII is shown as '?'.  What finds no room is cut off. */
static struct json *text(char *s, struct share *room)
{
	room->left -= room->left < ENTRY ? room->left : ENTRY; /* keys, indentation */
	for (char *p = s; *p; p++) {
		size_t takes = *p == '"' || *p == '\\' ? 2 : 1;

		if (room->left < takes) {
			*p = '\0';
			room->cut = true;
			room->left = 0;
			break;
		}
		room->left -= takes;
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	}
	return json_str(s);
}

static bool has_room(struct share *room)
{
	room->cut |= room->left == 0;
	return room->left > 0;
}

/* The beginning of a file of /proc, which may be of any length; NULL: it is gone. */
static char *begin_of(const char *path, size_t *len, struct share *room)
{
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *buf = fd < 0 ? NULL : malloc(SHARE + 1);
	ssize_t n;

	for (*len = 0; buf && *len < SHARE && (n = read(fd, buf + *len, SHARE - *len)) > 0;)
		*len += (size_t)n;
	if (buf)
		buf[*len] = '\0';
	room->cut |= *len == SHARE;
	return buf;
}

static struct json *command_of(pid_t pid, struct share *room)
{
	struct json *list = json_new(JSON_ARRAY);
	char path[64];
	size_t len;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	auto_free char *words = begin_of(path, &len, room);
	if (!words)
		return list;
	for (size_t at = 0; at < len && n < MAX_ARGUMENTS && has_room(room); n++) {
		size_t word = strlen(words + at);

		json_add(list, text(words + at, room));
		at += word + 1;
	}
	return list;
}

static struct json *link_of(const char *path, struct share *room)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n < 0)
		return NULL;
	target[n] = '\0';
	return text(target, room);
}

static struct json *files_of(pid_t pid, struct share *room)
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
		if (!has_room(room))
			break;
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, at->d_name);
		target = link_of(path, room);
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

static struct json *maps_of(pid_t pid, struct share *room)
{
	struct json *list = json_new(JSON_ARRAY);
	char path[64], *save = NULL;
	size_t len;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	auto_free char *all = begin_of(path, &len, room);
	if (!all)
		return list;
	for (char *line = strtok_r(all, "\n", &save); line && n < MAX_MAPS && has_room(room);
	     line = strtok_r(NULL, "\n", &save), n++)
		json_add(list, text(line, room));
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

static struct json *parents_of(pid_t pid, pid_t init, struct share *room)
{
	struct json *list = json_new(JSON_ARRAY);
	char path[64];

	for (int n = 0; pid != init && n < MAX_PARENTS && has_room(room); n++) {
		struct json *one, *exe;

		pid = parent_of(pid);
		if (pid <= 1)
			break;
		one = json_new(JSON_OBJECT);
		snprintf(path, sizeof(path), "/proc/%d/exe", pid);
		exe = link_of(path, room);
		json_set(one, "pid", json_num(pid));
		json_set(one, "path", exe ? exe : json_str(""));
		json_set(one, "command", command_of(pid, room));
		json_add(list, one);
	}
	return list;
}

struct json *evidence_of(pid_t pid, pid_t init)
{
	struct json *all = json_new(JSON_OBJECT);
	struct share room[4] = { { SHARE, false }, { SHARE, false }, { SHARE, false }, { SHARE, false } };

	json_set(all, "command", command_of(pid, &room[0]));
	json_set(all, "parents", parents_of(pid, init, &room[1]));
	json_set(all, "files", files_of(pid, &room[2]));
	json_set(all, "maps", maps_of(pid, &room[3]));
	json_set(all, "cut", json_flag(room[0].cut || room[1].cut || room[2].cut || room[3].cut));
	return all;
}
