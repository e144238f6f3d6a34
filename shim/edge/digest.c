/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "digest.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <sys/stat.h>
#include <unistd.h>

static void finish(struct sha256_ctx *ctx, char ret[DIGEST_HEX + 1])
{
	uint8_t raw[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof(raw), raw);
	base16_encode_update(ret, sizeof(raw), raw);
	ret[DIGEST_HEX] = '\0';
}

void digest_hex(const void *bytes, size_t len, char ret[DIGEST_HEX + 1])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, bytes);
	finish(&ctx, ret);
}

bool digest_file(int fd, size_t max, char ret[DIGEST_HEX + 1])
{
	uint8_t room[32768];
	struct sha256_ctx ctx;
	struct stat st;
	size_t at = 0;
	ssize_t n;

	ret[0] = '\0';
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	sha256_init(&ctx);
	while ((n = pread(fd, room, sizeof(room), (off_t)at)) > 0) {
		sha256_update(&ctx, (size_t)n, room);
		at += (size_t)n;
		if (at > max) /* it may grow while we read */
			return false;
	}
	if (n < 0)
		return false;
	finish(&ctx, ret);
	return true;
}
