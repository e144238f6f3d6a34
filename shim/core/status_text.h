/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status_text.h - `thymus status` in words: first what is stopped and what to do about it, then a
 * line for each container, then the profiles that are not ready and what they lack.
 */
#ifndef THYMUS_STATUS_TEXT_H
#define THYMUS_STATUS_TEXT_H

#include "json.h"

/* `status` is the document that --json prints; `now` in unix seconds. */
void status_text(const struct json *status, unsigned long long now, bool terminal, struct buf *to);

#endif
