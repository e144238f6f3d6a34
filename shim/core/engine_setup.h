/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_setup.h - what an engine's configuration must say so that it knows the runtime "thymus", or calls its hook.
 *
 * Text in, text out.  What others wrote stays as it is, also what they wrote since: daemon.json keeps its keys and their
 * order, config.toml gets a block between two marks, and the engines that read a folder of drop-ins get a file of our own
 * there, in which lines of others stay, too.  The same wish twice gives the same text, and its removal gives the text that was
 * there before.
 */
#ifndef THYMUS_ENGINE_SETUP_H
#define THYMUS_ENGINE_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"

struct engine_wish {
	const char *program;  /* absolute path of thymus */
	const char *hook;     /* and of its hook */
	const char *policy;   /* for --thymus-policy, NULL: the host's; Docker and hooks can hand it on */
	const char *first;    /* the file before our first change, as far as it is known, else NULL */
	const char *hooks_d;  /* the folder that our hooks lie in */
	const char *folders;  /* of hooks that others have the engine read, as a TOML array's inside; NULL: they name none */
	const char *annotations; /* likewise those that CRI-O lets through to runc or crun (what it does not know it refuses) */
	bool by_default;      /* for containers that name no runtime, too */
	bool hooks;           /* the hook, and the engine keeps its runtime */
	bool imported;        /* the file reads drop-ins: ours is one of them */
	bool systemd;         /* ... and has runc's cgroups made by systemd */
	bool remove;
};

/* `text` (NULL: no file): what the file says; `to`: what it shall say, nothing where no file is needed. */
typedef int engine_edit(const char *text, size_t len, const struct engine_wish *w, struct buf *to, struct err *e);

struct engine_part {
	const char  *file;  /* below /etc; NULL ends the list */
	bool         hooks; /* for --hooks; else for the runtime */
	engine_edit *edit;
};

enum { ENGINE_PARTS = 6 };

struct engine_setup {
	const char *name;    /* as a person says it */
	const char *restart; /* the command after which it counts */
	const char *use;     /* a command that uses it */
	const char *restart_hooks, *use_hooks; /* the same for --hooks */
	const char *no_hooks; /* why it cannot call hooks by itself; NULL: it can */
	engine_edit *drop_in; /* for a file that the first part imports, NULL: it has none */
	struct engine_part parts[ENGINE_PARTS];
};

/* NULL: no such engine; `engine_setup_names`: those there are. */
const struct engine_setup *engine_setup_find(const char *name);
extern const char engine_setup_names[];

#define ENGINE_SETUP_OWN "# Written by \"thymus setup" /* a drop-in of ours begins so */
#define ENGINE_SETUP_DROP_IN "60-thymus.toml"

/* The pattern by which config.toml imports a folder of drop-ins, where they add to its sections (version 3: containerd 1 would
 * replace them); false: none.  `systemd`: there, systemd makes runc's cgroups. */
bool engine_containerd_imports(const char *text, size_t len, struct buf *pattern, bool *systemd);

/* The array that the last of an engine's files gives to a key: `path` is a toml_item's.  What `ret` holds is replaced. */
void engine_setup_array(const char *text, size_t len, const char *path, struct buf *ret);

/* Lines that differ, "-" those of `before` and "+" those of `after`, without what both begin and end with. */
void engine_setup_diff(const char *before, const char *after, struct buf *to);

/* Of config.toml and its drop-in: engine_containerd.c. */
engine_edit engine_containerd_edit, engine_containerd_drop_in;

/* Of the drop-ins of podman and CRI-O, and of oci-hooks(5): engine_drop_in.c. */
engine_edit engine_crio_runtime, engine_crio_hooks, engine_podman_runtime, engine_podman_hooks, engine_hook_create, engine_hook_end;

#endif
