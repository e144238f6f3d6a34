/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wake.h - a FIFO beside state.json: whoever changes what a monitor follows (mode, profile) pokes it, and the monitor looks
 * at once instead of often.
 */
#ifndef THYMUS_WAKE_H
#define THYMUS_WAKE_H

#include "policy.h"

/* The monitor's end, made if need be; -1: it will look by itself, some seconds later. */
int wake_open(const char *folder);

void wake_one(const char *folder);
void wake_all(const struct policy *p);

#endif
