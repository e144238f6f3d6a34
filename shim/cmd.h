/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd.h - one function per subcommand.  argv[0] is the verb.  Returns the exit status (0 fine, 1 found
 * something), or -errno with the sentence in `e`.
 */
#ifndef THYMUS_CMD_H
#define THYMUS_CMD_H

#include "cmdline.h"
#include "err.h"
#include "policy.h"

struct command {
	const char *name; /* NULL ends the table */
	int (*run)(int argc, char **argv, const struct policy *p, struct err *e);
	bool stubborn; /* works with the built-in policy where the host's cannot be read */
	const char *help;
};
extern const struct command commands[];

int cmd_status(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_explain(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_watch(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_mode(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_profile(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_incident(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_release(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_doctor(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_setup(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_unload(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_completion(int argc, char **argv, const struct policy *p, struct err *e);
int cmd_replay(int argc, char **argv, const struct policy *p, struct err *e);

/* A verb of the runtime: do our part, then become the runtime.  Returns only on failure. */
int cmd_runtime(char **argv, const struct cmdline *c, const struct policy *p, struct err *e);

#endif
