/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.h - LOG/events.jsonl: what happened and what people did, one JSON object a line.
 *
 * Many processes append: under a lock, whole lines only.  A file that is full (policy: limits.log_kib)
 * becomes events.jsonl.1, that one .2, and so on up to limits.log_files: bounded without anyone's help.
 */
#ifndef THYMUS_JOURNAL_H
#define THYMUS_JOURNAL_H

#include "policy.h"

must_check int journal_append(const struct policy *p, const struct json *line, struct err *e);

/* A person did something, and monitors shall look what it means for them: {"when", "event", "object", "uid", "words"}.  A full disk must not keep
 * anyone from thawing a container, so failure is silent. */
void journal_deed(const struct policy *p, const char *event, const char *object, const char *words);

#endif
