/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_check.h - ask an engine whether it would take a file of its configuration, before it has to. */
#ifndef THYMUS_ENGINE_CHECK_H
#define THYMUS_ENGINE_CHECK_H

#include "buf.h"
#include "err.h"

/* Has it a command for that?  CRI-O has none. */
bool engine_answers(const char *engine);

/* `words` says who was asked, or why nobody could be; an error is what the engine has against the file.  `must`: words that its
 * reading of the file has to show, NULL: none. */
must_check int engine_check(const char *engine, const char *file, const char *must, struct buf *words, struct err *e);

#endif
