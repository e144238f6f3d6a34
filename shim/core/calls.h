/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls.h - system calls by name: their numbers, and the classes that the model judges by.
 *
 * Numbers come from libseccomp, so that one list of names serves every architecture.
 */
#ifndef THYMUS_CALLS_H
#define THYMUS_CALLS_H

#include <stdbool.h>

#include "auto.h"
#include "judge.h"

#define CALLS_MAX 512
#define CALL_NAME 24 /* bytes that a name needs at most; a longer one (compat's *_time64) is cut */

enum abi { ABI_NATIVE, ABI_COMPAT, ABI_X32 };

/* Class bits (CALL_*) of every native call number; numbers that no list names get 0.
 * `lifted`: NULL-terminated names that policy lifts from the floor (may be NULL). */
void calls_classes(u8 ret[CALLS_MAX], const char *const *lifted);

/* The rules behind CALL_FLOOR_ARGS, see floor_by_rule(); `call` is -1 where no such call is. */
void calls_floor_rules(struct floor_rule ret[FLOOR_RULES]);

/* Name of a call, "syscall_N" where the table has none (in `room`, CALL_NAME bytes). */
const char *calls_name(enum abi abi, u32 call, char *room);

/* Name of a token: a call's, "<exec>" for the boundary, "<unknown>". */
const char *calls_token_name(u32 token, char *room);

/* Number of a native call by name, -1 when unknown. */
int calls_number(const char *name);

const char *calls_abi_name(enum abi abi); /* "native", "compat", "x32" */

/* True when `name` is on the floor list (policy may lift only these). */
int calls_is_floor(const char *name);

#endif
