/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * budget.h - has a profile seen enough?
 *
 * Evidence answers, never a timer alone: how often a second brought something that no other second
 * had, and how sure of that so much watching makes us, against the false alarms that the user can
 * live with.
 */
#ifndef THYMUS_BUDGET_H
#define THYMUS_BUDGET_H

#include "policy.h"
#include "profile.h"

/* Upper 95 % bound of a share of which k in n were seen: Wilson's, the rule of three for none. */
double wilson_upper(u64 k, u64 n);

/* "12/hour": a rate per second in the largest unit that leaves a number above 1. */
void budget_rate_text(double per_second, struct buf *to);

/* What is ready: 1 << 1 when the learning itself is complete (time, calls, starts, stops), so that
 * tier 1 can be proved, and no call was made that no profile can teach; 1 << 2 and 1 << 3 when it is and that tier's evidence is within the budget.
 * Tier 1 is asked for no rate: it acts from the first moment, and minutes cannot promise weeks.  0
 * for a profile that lost events or missed a beginning. `words` (may be NULL) gets one line on what
 * is missing, nothing when nothing is. */
u32 profile_lacks(const struct profile *p, const struct policy *policy, const u8 classes[512],
		  struct buf *words);

#endif
