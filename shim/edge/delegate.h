/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * delegate.h - the real runtime behind us: found without PATH, HOME or current folder, become by
 * execve(2).
 *
 * Never ourselves: a host may install thymus under the name runc.  The name is passed over then,
 * also where another copy of thymus lies behind it, or two copies would hand over to each other
 * for ever.
 */
#ifndef THYMUS_DELEGATE_H
#define THYMUS_DELEGATE_H

#include <stdbool.h>

#include "err.h"

/* Is that file thymus, this one or another build? */
bool delegate_is_thymus(const char *path);

/* Absolute path of the runtime: `wanted` if given, else runc, else crun, in the usual folders. */
must_check int delegate_find(const char *wanted, char ret[4096], struct err *e);

/* Become it: argv[1..], environment and descriptors untouched.  Returns only on failure. */
must_check int delegate_exec(const char *wanted, char **argv, struct err *e);

/* Run `RUNTIME FLAG` with our standard streams and wait: its exit status, or -errno. */
must_check int delegate_ask(const char *wanted, const char *flag, struct err *e);

#endif
