/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest.h - SHA-256 as the hex digits that names are made of. */
#ifndef THYMUS_DIGEST_H
#define THYMUS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_HEX 64

void digest_hex(const void *bytes, size_t len, char ret[DIGEST_HEX + 1]);

/* Of an open regular file's content, from its beginning.  False, and "": it has more than `max` bytes, or cannot be read. */
bool digest_file(int fd, size_t max, char ret[DIGEST_HEX + 1]);

#endif
