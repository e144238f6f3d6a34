/* SPDX-License-Identifier: GPL-2.0-or-later */
/* when.h - moments and spans of time in words; the clock is the caller's. */
#ifndef THYMUS_WHEN_H
#define THYMUS_WHEN_H

/* "2026-01-31 23:59:59 UTC": the same words on every host, whatever its time zone. */
void when_text(unsigned long long unix_seconds, char ret[32]);

/* "12 s", "4 min", "3 h", "2 days": whole units, rounded down. */
void when_span(unsigned long long seconds, char ret[32]);

#endif
