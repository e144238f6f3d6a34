/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest.h - SHA-256 as the hex digits that names are made of. */
#ifndef THYMUS_DIGEST_H
#define THYMUS_DIGEST_H

#include <stddef.h>

#define DIGEST_HEX 64

void digest_hex(const void *bytes, size_t len, char ret[DIGEST_HEX + 1]);

#endif
