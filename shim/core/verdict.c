/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

void verdict_words(u32 verdict, struct buf *to)
{
	static const char *const names[] = { "exec", "call",   "abi",     "floor", "left", "bigram",
					     "pair", "triple", "trigram", "score", "blind" };
	const char *between = "";

	for (u32 bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
		if (!(verdict & (1u << bit)))
			continue;
		buf_puts(to, between);
		buf_puts(to, names[bit]);
		between = ",";
	}
}

u32 verdict_tier(u32 verdict)
{
	if (verdict & VERDICT_TIER1)
		return 1;
	if (verdict & VERDICT_TIER2)
		return 2;
	return verdict & VERDICT_TIER3 ? 3 : 0;
}

static void step(u64 *hash, u64 value, int bytes)
{
	/* lowest byte first, whatever the machine */
	for (int i = 0; i < bytes; i++)
		*hash = (*hash ^ (value >> (8 * i) & 0xff)) * 0x100000001b3ULL;
}

void verdict_hash_step(u64 *hash, u32 life, u64 ordinal, u32 verdict)
{
	step(hash, life, 4);
	step(hash, ordinal, 8);
	step(hash, verdict, 4);
}
