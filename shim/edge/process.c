/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <stdio.h>
#include <string.h>

#include "file.h"

char process_state(pid_t pid)
{
	auto_free char *stat = NULL;
	char path[64], *after;
	struct err e;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (pid <= 0 || file_read(path, 1u << 16, &stat, &len, &e) < 0)
		return 0;
	after = strrchr(stat, ')'); /* the name may hold anything */
	return after && after[1] == ' ' ? after[2] : 0;
}

bool process_lives(pid_t pid)
{
	char state = process_state(pid);

	return state != 0 && state != 'Z' && state != 'X';
}
