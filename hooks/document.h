/* SPDX-License-Identifier: GPL-2.0-or-later */
/* document.h - a verdict as a JSON object, and in words: what incidents and the journal are made of. */
#ifndef THYMUS_DOCUMENT_H
#define THYMUS_DOCUMENT_H

#include "json.h"
#include "monitor.h"

enum { WORDS = 1024 };

const struct seen *document_seen(const struct monitor *m, u32 local);

/* Parts: what all begin with, a program, a call. */
struct json *document_begin(struct monitor *m, u32 verdict, u32 pid, u32 tid);
struct json *document_program(const struct seen *s);
struct json *document_call_name(u32 abi, u32 call);

void document_words(const struct monitor *m, const struct deviation *d, char words[WORDS]);
struct json *document_call(struct monitor *m, const struct deviation *d, const char *words);
struct json *document_exec(struct monitor *m, const struct execution *x, const char *sha256, bool upper, const char *words);

#endif
