/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mounts.h - the mounts that a process sees: proc(5), /proc/PID/mounts. */
#ifndef THYMUS_MOUNTS_H
#define THYMUS_MOUNTS_H

#include <mntent.h>
#include <stdbool.h>
#include <sys/types.h>

/* Show each to `take`, until it returns true.  `pid` 0: this process.  False: none was taken, or the process is gone. */
bool mounts_find(pid_t pid, bool (*take)(void *ctx, const struct mntent *m), void *ctx);

#endif
