/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_report.h - a profile in figures: how much it saw, how far each tier may be trusted. */
#ifndef THYMUS_PROFILE_REPORT_H
#define THYMUS_PROFILE_REPORT_H

#include "policy.h"
#include "profile.h"

/* {"scope", "name", "image", "arch", "state", "why", "version", "order", "programs", "grams",
 *  "calls", "seconds", "starts", "stops", "lost",
 *  "tiers": [{"tier", "units", "private", "rate", "upper", "ready"}], "lacks"}
 * NULL when out of memory. */
struct json *profile_report(const struct profile *p, const struct policy *policy);

/* An array of these as a table. */
void profile_rows_text(const struct json *rows, bool terminal, struct buf *to);

/* The same for a person, with the programs and who taught. */
void profile_report_text(const struct profile *p, const struct policy *policy, struct buf *to);

#endif
