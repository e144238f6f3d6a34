/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * setup.h - bring an engine's files to say what engine_setup.h wants, or leave all of them as they were.
 *
 * The engine is asked about a copy first, and afterwards a container is tried; where either fails, every file is what it was.
 */
#ifndef THYMUS_SETUP_H
#define THYMUS_SETUP_H

#include "engine_setup.h"
#include "policy.h"

struct setup_wish {
	const struct policy *policy;
	const struct engine_setup *engine;
	struct engine_wish wish;
	const char *etc;   /* where configuration lies: "/etc" */
	const char *file;  /* in place of the engine's first, NULL: that one */
	bool dry;          /* say what would change */
	bool print;        /* say what the files would be */
	bool trust;        /* do not verify */
};

/* 1: dry, and something would change. */
must_check int setup_engine(const struct setup_wish *w, struct buf *words, struct err *e);

#endif
