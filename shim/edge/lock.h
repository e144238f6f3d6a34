/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lock.h - one writer at a time, by flock(2): the kernel lifts the lock when its holder dies.
 *
 * The file that was locked is the one the name means now: rotation and removal replace files, and a
 * lock on a file that has lost its name would protect nothing.
 */
#ifndef THYMUS_LOCK_H
#define THYMUS_LOCK_H

#include <stdbool.h>

#include "file.h"

#define LOCK_SECONDS 10 /* what a holder may take before we say so instead of waiting */

/* Open `path` with `flags` (O_CREAT is added, mode 0600), lock it, return the descriptor; close
 * it to unlock.  -EAGAIN after LOCK_SECONDS. */
must_check int lock_open(const char *path, int flags, struct err *e);

/* The folder of `path`, created if need be. */
must_check int lock_folder(const char *path, struct err *e);

#endif
