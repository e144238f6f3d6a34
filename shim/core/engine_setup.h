/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_setup.h - what an engine's configuration must say so that it knows the runtime "thymus".
 *
 * Text in, text out.  What others wrote stays as it is: daemon.json keeps its keys and their order, config.toml
 * gets a block between two marks, and the engines that read a folder of drop-ins get a file of our own there.  The same
 * wish twice gives the same text, and its removal gives the text that was there before.
 */
#ifndef THYMUS_ENGINE_SETUP_H
#define THYMUS_ENGINE_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"

struct engine_wish {
	const char *program;  /* absolute path of thymus */
	const char *policy;   /* for --thymus-policy, NULL: the host's; only Docker can hand it on */
	bool by_default;      /* for containers that name no runtime, too */
	bool remove;
};

struct engine_setup {
	const char *name;    /* as a person says it */
	const char *file;    /* its configuration, or our drop-in */
	const char *restart; /* the command after which it counts */
	const char *use;     /* a command that uses it */
	/* `text` (NULL: no file): what the file says; `to`: what it shall say, nothing where no file is needed. */
	int (*edit)(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e);
};

/* NULL: no such engine; `engine_setup_names`: those there are. */
const struct engine_setup *engine_setup_find(const char *name);
extern const char engine_setup_names[];

#define ENGINE_SETUP_OWN "# Written by \"thymus setup" /* a drop-in of ours begins so */

/* Lines that differ, "-" those of `before` and "+" those of `after`, without what both begin and end with. */
void engine_setup_diff(const char *before, const char *after, struct buf *to);

#endif
