/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.h - what /proc says of a process: proc(5). */
#ifndef THYMUS_PROCESS_H
#define THYMUS_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* The letter of its state: R, S, D, T, Z ...; 0: there is none. */
char process_state(pid_t pid);

/* It is there, and more than a zombie that nobody has waited for. */
bool process_lives(pid_t pid);

/* It is dead, or will be as soon as it runs: SIGKILL has been sent, which a v1 freezer holds back. */
bool process_is_killed(pid_t pid);

/* A pidfd of what goes by that name (prctl(2), PR_SET_NAME) and, where `parent` is not 0, is its child; -1: that is not, or no
 * more, this pid. */
int process_open(pid_t pid, const char *name, pid_t parent);

/* When it began, in clock ticks since boot; 0: there is none.  With its number this names a process for ever. */
unsigned long long process_start(pid_t pid);

/* It lives and is the one that began then; `start` 0: not known, its number must do. */
bool process_is_same(pid_t pid, unsigned long long start);

#endif
