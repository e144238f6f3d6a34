/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"

static bool read_stat(pid_t pid, char **ret)
{
	char path[64];
	struct err e;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return pid > 0 && file_read(path, 1u << 16, ret, &len, &e) == 0;
}

char process_state(pid_t pid)
{
	auto_free char *stat = NULL;
	char *after;

	if (!read_stat(pid, &stat))
		return 0;
	after = strrchr(stat, ')'); /* the name may hold anything */
	return after && after[1] == ' ' ? after[2] : 0;
}

static bool is(pid_t pid, const char *name, pid_t parent)
{
	auto_free char *stat = NULL;
	char *before, *after;

	if (!read_stat(pid, &stat))
		return false;
	before = strchr(stat, '(');
	after = strrchr(stat, ')');
	if (!before || !after || (size_t)(after - before - 1) != strlen(name) || memcmp(before + 1, name, strlen(name)) != 0)
		return false;
	return strlen(after) > 4 && (parent == 0 || strtol(after + 4, NULL, 10) == parent);
}

bool process_lives(pid_t pid)
{
	return process_is_same(pid, 0);
}

bool process_is_killed(pid_t pid)
{
	static const char *const sets[] = { "\nSigPnd:", "\nShdPnd:" };
	auto_free char *text = NULL;
	unsigned long long pending = 0;
	char path[64];
	struct err e;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (!process_lives(pid) || file_read(path, 1u << 16, &text, &len, &e) < 0)
		return true;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		const char *at = strstr(text, sets[i]);

		pending |= at ? strtoull(at + strlen(sets[i]), NULL, 16) : 0;
	}
	return pending & 1ull << (SIGKILL - 1);
}

unsigned long long process_start(pid_t pid)
{
	enum { STATE = 3, START = 22 }; /* fields, proc(5) */
	auto_free char *stat = NULL;
	const char *at;

	if (!read_stat(pid, &stat))
		return 0;
	at = strrchr(stat, ')');
	for (int field = STATE - 1; at && field < START; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

bool process_is_same(pid_t pid, unsigned long long start)
{
	char state = process_state(pid);

	return state != 0 && state != 'Z' && state != 'X' && (start == 0 || process_start(pid) == start);
}

int process_open(pid_t pid, const char *name, pid_t parent)
{
	/* what stands in a file may be another's pid by now: the descriptor first, then a look at what it stands for */
	int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	if (fd >= 0 && is(pid, name, parent))
		return fd;
	file_close(fd);
	return -1;
}
