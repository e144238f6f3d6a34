/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_text.h - what `thymus explain` tells, for a person. */
#ifndef THYMUS_EXPLAIN_TEXT_H
#define THYMUS_EXPLAIN_TEXT_H

#include "json.h"

void explain_text(const struct json *doc, struct buf *to);

#endif
