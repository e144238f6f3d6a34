/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate_exec.h - every execution in a container decided before it happens: fanotify(7),
 * FAN_OPEN_EXEC_PERM on the mounts of its root.
 *
 * Ordinary opens cost nothing.  No file gets an ignore mark: the kernel drops those when a file is written to, but not
 * when it changes through a shared mapping.
 */
#ifndef THYMUS_GATE_EXEC_H
#define THYMUS_GATE_EXEC_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"

/* Mark all mounts at and below `root` (an O_PATH descriptor in the container's mount namespace,
 * whose path there is `path`) as process `pid` sees them.  `*ret`: the fanotify group. */
must_check int gate_exec_open(int root, const char *path, pid_t pid, int *ret, struct err *e);

/* Lift the marks, then close: another process may hold the group too, and would leave executions
 * waiting for ever.  Accepts -1. */
void gate_exec_close(int group);

/* Can this kernel ask before an execution? */
must_check int gate_exec_probe(struct err *e);

/* Deliver what waits: `judge` says whether the file open as `fd` may be executed by process `pid`. */
void gate_exec_drain(int group, bool (*judge)(void *ctx, int fd, pid_t pid), void *ctx);

#endif
