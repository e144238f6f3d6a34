/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict.h - a verdict in words, and the hash of a stream of them.
 *
 * The live monitor and `thymus replay` hash the same stream: which call of which thread's life got
 * which verdict.  Equal hashes mean that the replay decided as the live run did, bit by bit.
 */
#ifndef THYMUS_VERDICT_H
#define THYMUS_VERDICT_H

#include "buf.h"
#include "judge.h"

/* "exec,call": the bits by name. */
void verdict_words(u32 verdict, struct buf *to);

/* 1..3, the gravest tier; 0 for none (calm, or blind alone). */
u32 verdict_tier(u32 verdict);

/* One verdict that is not 0: FNV-1a, 64 bits.  `life` counts threads' lives in the order in which
 * the trace names them, from 0; `ordinal` the calls of that life, from 1 (left-out calls do not
 * count), so that a verdict on an execution has that of the last call before it. */
#define VERDICT_HASH 0xcbf29ce484222325ULL /* of an empty stream */
void verdict_hash_step(u64 *hash, u32 life, u64 ordinal, u32 verdict);

#endif
