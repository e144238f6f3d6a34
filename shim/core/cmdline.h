/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmdline.h - read a runc command line without changing it.
 *
 * Engines put global flags before the command in any order, as "--flag value" and "--flag=value";
 * unknown flags pass on.  Knows which of runc's and crun's flags take a value, so that
 * `--log create create ID` is understood.  Only "--thymus-*" flags are ours, and are taken out.
 */
#ifndef THYMUS_CMDLINE_H
#define THYMUS_CMDLINE_H

#include <stdbool.h>

#include "err.h"

struct cmdline {
	const char *verb;       /* "create", "kill", ...; NULL: there is none (--version, --help) */
	int         verb_at;    /* its index in argv, 0 when none */
	const char *root;       /* --root, NULL: the delegate's own default */
	const char *log;        /* --log FILE, NULL: none */
	bool        log_json;   /* --log-format json */
	const char *bundle;     /* -b, --bundle of create, run, restore; NULL: the current folder */
	const char *id;         /* container's ID, NULL when missing */
	const char *config;     /* crun's create, run: -f, --config FILE; NULL: config.json */
	const char *process;    /* exec: -p, --process FILE */
	const char *resources;  /* update: -r, --resources FILE or "-" */
	const char *policy;     /* --thymus-policy FILE */
	const char *delegate;   /* --thymus-runtime FILE: overrides policy's */
	const char *mode;       /* --thymus-mode MODE: the administrator speaks (runtimeArgs) */
	bool        help;       /* -h, --help: nothing to do for us */
	bool        version;    /* -v, --version before the verb: likewise */
};

/* Fill `ret` (which points into argv) and remove --thymus-* flags from argv in place, updating
 * *argc; argv stays NULL-terminated.  Fails only on an unknown or value-less --thymus-* flag; then
 * too all of that is done, so that a slip in an engine's configuration stops no `kill`. */
must_check int cmdline_parse(int *argc, char **argv, struct cmdline *ret, struct err *e);

/* runc's rule for container IDs: [A-Za-z0-9_+,.-]+, at most 1024, not "." or "..". */
bool cmdline_valid_id(const char *id);

#endif
