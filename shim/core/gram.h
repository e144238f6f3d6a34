/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gram.h - how a run of system calls becomes one 64-bit key.  Shared with BPF.
 *
 * A token is a system call's number + 1 in 9 bits.  A window holds the last six tokens of one
 * thread, the newest in the lowest bits, so that a push is a shift and the last n tokens are a
 * mask.  The ten bits above carry the program's index in its profile: one set of keys serves all
 * programs, and a look-up is exact.
 *
 *   63      54 53   45 44   36 35   27 26   18 17    9 8      0
 *   | program | oldest |       |       |       |       | newest |
 *
 * An n-gram is the key of the last n tokens, older fields zero.  As a call is never token 0, a
 * run that begins a window ("the first two calls after exec") needs no form of its own.
 * Runs over the acting calls alone carry GRAM_ACTING in the oldest field, a token no call has.
 */
#ifndef THYMUS_GRAM_H
#define THYMUS_GRAM_H

#ifdef __bpf__
#include <linux/types.h>
typedef __u64 u64;
typedef __u32 u32;
typedef __s32 s32;
typedef __u16 u16;
typedef __u8 u8;
#else
#include <stdint.h>
typedef uint64_t u64;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint16_t u16;
typedef uint8_t u8;
#endif

#define GRAM_BITS      9
#define GRAM_TOKEN     511u
#define GRAM_ORDER_MAX 6
#define GRAM_MASK      ((1ULL << (GRAM_BITS * GRAM_ORDER_MAX)) - 1)
#define GRAM_PROGRAMS  1024 /* index 0: none */

#define TOKEN_SIGNAL  508u /* the boundary that a signal handler begins with */
#define TOKEN_ACTING  509u /* only in the oldest field: marks a run over acting calls */
#define TOKEN_EXEC    510u /* the boundary that execve leaves in a window */
#define TOKEN_UNKNOWN 511u /* a call number that 9 bits cannot hold */

#define GRAM_ACTING ((u64)TOKEN_ACTING << (GRAM_BITS * (GRAM_ORDER_MAX - 1)))

/* Token of a system call number; numbers of 507 and more share one token. */
static inline u32 token_of(u32 call)
{
	return call < TOKEN_SIGNAL - 1 ? call + 1 : TOKEN_UNKNOWN;
}

/* The window after one more token. */
static inline u64 gram_push(u64 window, u32 token)
{
	return ((window << GRAM_BITS) | (token & GRAM_TOKEN)) & GRAM_MASK;
}

/* The last `n` (1..GRAM_ORDER_MAX) tokens of a window. */
static inline u64 gram_last(u64 window, u32 n)
{
	return window & ((1ULL << (GRAM_BITS * n)) - 1);
}

/* How many tokens a window holds, at most `max`. */
static inline u32 gram_length(u64 window, u32 max)
{
	u32 n = 0;

	while (n < max && n < GRAM_ORDER_MAX && (window >> (GRAM_BITS * n)) != 0)
		n++;
	return n;
}

/* The key of an n-gram under a program: `gram` is what gram_last() gives, or that with
 * GRAM_ACTING for a run over acting calls. */
static inline u64 gram_key(u32 program, u64 gram)
{
	return ((u64)program << (GRAM_BITS * GRAM_ORDER_MAX)) | gram;
}

static inline u32 gram_program(u64 key)
{
	return (u32)(key >> (GRAM_BITS * GRAM_ORDER_MAX));
}

#endif
