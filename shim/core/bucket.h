/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bucket.h - the exact set of n-gram keys as the kernel holds it.  Shared with BPF.
 *
 * Buckets of eight keys fill one cache line each; a key lives in one of two buckets, whichever had
 * more room.  A look-up reads one line, sometimes two, and a full set still takes 85 % of its
 * slots.  Three sizes, because equal maps are cheaper to look up than differing ones.
 */
#ifndef THYMUS_BUCKET_H
#define THYMUS_BUCKET_H

#include "gram.h"

#define BUCKET_KEYS 8

struct bucket {
	u64 key[BUCKET_KEYS]; /* 0: free; never moved, never removed */
};

/* While learning: in which second each key was first seen, and whether in another one too. */
struct owners {
	u32 second[BUCKET_KEYS];
};
#define OWNER_MANY 0x80000000u

enum { BUCKET_BITS_SMALL = 10, BUCKET_BITS_MIDDLE = 12, BUCKET_BITS_LARGE = 13 };

static inline u32 bucket_of(u64 key, u32 bits, int second)
{
	u64 factor = second ? 0xC2B2AE3D27D4EB4FULL : 0x9E3779B97F4A7C15ULL;

	key ^= key >> 29;
	return (u32)((key * factor) >> (64 - bits));
}

#endif
