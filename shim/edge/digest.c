/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "digest.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>

void digest_hex(const void *bytes, size_t len, char ret[DIGEST_HEX + 1])
{
	uint8_t raw[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, bytes);
	sha256_digest(&ctx, sizeof(raw), raw);
	base16_encode_update(ret, sizeof(raw), raw);
	ret[DIGEST_HEX] = '\0';
}
