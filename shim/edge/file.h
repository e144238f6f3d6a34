/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.h - whole files in, whole files out. */
#ifndef THYMUS_FILE_H
#define THYMUS_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "auto.h"
#include "err.h"

void file_close(int fd); /* accepts -1 */
AUTO(fd, int, file_close)

/* Read at most `max` bytes; a longer file is EFBIG, not a regular file is EINVAL.  `*ret` is malloc()ed
 * and NUL-terminated for convenience; trust `*len`. */
must_check int file_read(const char *path, size_t max, char **ret, size_t *len, struct err *e);

/* The same from an open descriptor, which stays open; `name` is for messages. */
must_check int file_read_fd(int fd, const char *name, size_t max, char **ret, size_t *len, struct err *e);

/* Replace `name` in the folder `dirfd` (or AT_FDCWD) whole or not at all: temporary file beside it,
 * fsync, rename, fsync of the folder.  `path` is for messages. */
must_check int file_replace(int dirfd, const char *name, const char *text, size_t len, mode_t mode,
			    const char *path, struct err *e);

/* Another number whenever the file was replaced or written; 0: there is none. */
uint64_t file_stamp(const char *path);

/* mkdir -p with mode 0700 for what is new. */
must_check int file_mkdirs(const char *path, struct err *e);

#endif
