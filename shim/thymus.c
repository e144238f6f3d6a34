/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thymus.c - choose a subcommand; whatever is not ours belongs to the runtime.  The only place
 * that prints errors.
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "delegate.h"
#include "engine_log.h"
#include "policy_load.h"
#include "version.h"

enum { FINE = 0, RUNTIME_FAILED = 1, FAILED = 2, EXEC_FAILED = 255 }; /* exit status; runc's for its own verbs */

const struct command commands[] = {
	{ "status",   cmd_status,   false, "what is stopped, what is watched, what is lacking" },
	{ "explain",  cmd_explain,  false, "what a container is to thymus, and from what it was found" },
	{ "watch",    cmd_watch,    false, "attach to a container that runs already" },
	{ "mode",     cmd_mode,     true,  "off, learn, monitor, enforce, auto: NAME, CID, --all" },
	{ "profile",  cmd_profile,  false, "ls, show, diff, promote, demote, rm" },
	{ "incident", cmd_incident, false, "ls, show, allow" },
	{ "release",  cmd_release,  true,  "thaw a container that thymus froze" },
	{ "replay",   cmd_replay,   false, "judge a recorded trace by a profile" },
	{ "doctor",   cmd_doctor,   true,  "what is wrong on this host, and what to do about it" },
	{ "setup",    cmd_setup,    false, "make thymus known to docker, containerd, crio, podman" },
	{ "unload",   cmd_unload,   true,  "take the sensor out of the kernel, where no container needs it" },
	{ "completion", cmd_completion, true, "what bash, zsh or fish complete our commands by" },
	{ 0 }
};

static const struct command *find(const char *verb)
{
	for (const struct command *c = commands; verb && c->name; c++)
		if (strcmp(c->name, verb) == 0)
			return c;
	return NULL;
}

static void usage(void)
{
	puts("usage: thymus [--thymus-policy FILE] COMMAND ...\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-10s %s\n", c->name, c->help);
	puts("\nAll other commands and flags are the runtime's, but for\n"
	     "  --thymus-policy FILE   instead of " POLICY_FILE "\n"
	     "  --thymus-runtime FILE  the runtime to become, an absolute path\n"
	     "  --thymus-mode MODE     the mode of a container that is created\n");
	fflush(stdout);
}

/* `--version`, `--help` and nothing at all: the runtime speaks first, as those who parse it expect.  Docker takes the
 * version from the last line with that word, so it is not in ours. */
static int introduce(const struct cmdline *c, const struct policy *p, struct err *e)
{
	int rc = delegate_ask(c->delegate ? c->delegate : p->delegate, c->version ? "--version" : "--help", e);

	if (c->version) {
		printf("thymus: %s\n", thymus_version);
	} else {
		puts("");
		usage();
	}
	fflush(stdout);
	return rc;
}

/* For our own commands `--policy FILE` behind the verb is the same as --thymus-policy. */
static int take_policy(int *argc, char **argv, struct cmdline *c, struct err *e)
{
	int at = c->verb_at + 1, words = 1;
	const char *word = at < *argc ? argv[at] : "";

	if (strncmp(word, "--policy=", 9) == 0) {
		c->policy = word + 9;
	} else if (strcmp(word, "--policy") == 0) {
		c->policy = argv[at + 1];
		words = 2;
	} else {
		return 0;
	}
	if (!c->policy || !*c->policy)
		return fail(e, EINVAL, "--policy needs a value");
	*argc -= words;
	memmove(argv + at, argv + at + words, (size_t)(*argc - at + 1) * sizeof(*argv));
	return 0;
}

/* What may start something needs a command line and a policy that can be read; what may end
 * something must work without. */
static bool is_strict(const struct cmdline *c)
{
	static const char *const starting[] = { "create", "run", "restore", "exec" };

	for (size_t i = 0; c->verb && i < sizeof(starting) / sizeof(starting[0]); i++)
		if (strcmp(c->verb, starting[i]) == 0)
			return true;
	return !c->verb;
}

static int run_own(const struct command *own, int argc, char **argv, struct cmdline *c,
		   struct err *e)
{
	int rc = take_policy(&argc, argv, c, e);
	struct policy p;

	if (rc < 0)
		return rc;
	if (c->help) {
		usage();
		return FINE;
	}
	rc = policy_load(c->policy, &p, e);
	if (rc < 0 && !own->stubborn)
		return rc;
	if (rc < 0) {
		fprintf(stderr, "thymus: %s; going on with the built-in policy and the folders that it names\n", e->text);
		policy_load_rescue(c->policy, &p);
	}
	rc = own->run(argc - c->verb_at, argv + c->verb_at, &p, e);
	policy_done(&p);
	return rc;
}

static int run_delegated(char **argv, const struct cmdline *c, bool flawed, struct err *e)
{
	struct policy p;
	int rc;

	if (flawed && is_strict(c))
		return -EINVAL;
	rc = policy_load(c->policy, &p, e);
	if (rc < 0 && is_strict(c) && c->verb)
		return rc;
	if (rc < 0)
		policy_default(&p);
	rc = c->verb ? cmd_runtime(argv, c, &p, e) : introduce(c, &p, e);
	policy_done(&p);
	return rc;
}

int main(int argc, char **argv)
{
	struct err e = { "" };
	struct cmdline c;
	int rc = cmdline_parse(&argc, argv, &c, &e);
	const struct command *own = find(c.verb);

	if (!own)
		rc = run_delegated(argv, &c, rc < 0, &e);
	else if (rc == 0)
		rc = run_own(own, argc, argv, &c, &e);
	if (rc >= 0)
		return rc;
	fprintf(stderr, "thymus: %s\n", e.text);
	if (!own)
		engine_log(c.log, c.log_json, e.text);
	if (own)
		return FAILED;
	/* any other could be the status of what was to be executed */
	return c.verb && strcmp(c.verb, "exec") == 0 ? EXEC_FAILED : RUNTIME_FAILED;
}
