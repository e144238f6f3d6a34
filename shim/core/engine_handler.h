/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_handler.h - what an engine's files say of the runtime "thymus" and of hooks, whoever wrote them: for `thymus doctor`.
 *
 * All files of an engine go into one answer, in the order in which it reads them.
 */
#ifndef THYMUS_ENGINE_HANDLER_H
#define THYMUS_ENGINE_HANDLER_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct engine_handler {
	unsigned times;      /* files that name the handler "thymus" */
	bool wanted;         /* it is the default */
	bool reads_hooks;    /* it is told of folders of hooks */
	char program[1024];  /* "": none is named */
	char policy[1024];   /* of --thymus-policy, "": none */
};

/* TOML, of containerd, CRI-O or podman. */
must_check int engine_handler_toml(const char *text, size_t len, struct engine_handler *to, struct err *e);

/* daemon.json of Docker. */
must_check int engine_handler_json(const char *text, size_t len, struct engine_handler *to, struct err *e);

/* A file of oci-hooks(5): the program, "" where it is none of thymus'. */
must_check int engine_handler_hook(const char *text, size_t len, char program[1024], struct err *e);

#endif
