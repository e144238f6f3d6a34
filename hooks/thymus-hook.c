/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thymus-hook - the OCI hook: thymus-hook STAGE [--policy FILE] [--root DIR] [--bundle DIR] [--mode MODE] < OCI state
 *
 * precreate (oci-hooks(5)) gets config.json and gives it back as it is: the runtime's own reading of it counts.
 * createRuntime (or prestart, its older name, at the same moment) attaches; poststop cleans up.  A
 * failure fails the container where it is to be enforced, and is recorded where it is not.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "control.h"
#include "file.h"
#include "journal.h"
#include "monitor.h"
#include "override.h"
#include "policy_load.h"
#include "process.h"
#include "rootless.h"
#include "room.h"
#include "state.h"
#include "version.h"

enum { STATE_BYTES = 64 << 20 }; /* it holds the annotations, which may be many */

struct arguments {
	const char *stage, *policy, *root, *bundle, *mode;
};

static int parse(int argc, char **argv, struct arguments *a, struct err *e)
{
	*a = (struct arguments){ .stage = argc > 1 ? argv[1] : NULL };
	for (int i = 2; i < argc; i += 2) {
		const char **to = strcmp(argv[i], "--policy") == 0 ? &a->policy : strcmp(argv[i], "--root") == 0 ? &a->root :
				  strcmp(argv[i], "--bundle") == 0 ? &a->bundle : strcmp(argv[i], "--mode") == 0 ? &a->mode : NULL;

		if (!to || !argv[i + 1])
			return fail(e, EINVAL, "unknown or incomplete argument %s", argv[i]);
		*to = argv[i + 1];
	}
	if (!a->stage)
		return fail(e, EINVAL, "usage: thymus-hook precreate|createRuntime|prestart|poststart|poststop|watch [--policy FILE] [--root DIR] "
			    "[--bundle DIR] [--mode MODE]");
	return 0;
}

static int read_input(char *to, size_t room, size_t *len, struct err *e)
{
	ssize_t n;

	*len = 0;
	while ((n = read(0, to + *len, room - *len)) > 0)
		*len += (size_t)n;
	if (n < 0)
		return fail(e, errno, "read the OCI state: %m");
	return *len == room ? fail(e, EFBIG, "OCI state is larger than %zu bytes", room) : 0;
}

/* Whatever it is, and however long: an engine that does not get it back does not create the container. */
static int give_back(struct err *e)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(0, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0, put; at < n; at += put) {
			put = write(1, buf + at, (size_t)(n - at));
			if (put <= 0)
				return fail(e, errno, "give config.json back: %m");
		}
	return n < 0 ? fail(e, errno, "read config.json: %m") : 0;
}

/* createRuntime and prestart both fire where a spec names both. */
static bool attached_already(const struct plan *p)
{
	struct state s;
	struct err e;
	bool ours;

	if (state_load(p->state, &s, &e) < 0)
		return false;
	ours = s.pid == (unsigned)p->pid && process_is_same((pid_t)s.keeper, s.keeper_start);
	state_done(&s);
	return ours;
}

static void record_as(const struct plan *p, const char *type, const char *words)
{
	struct json *line = json_new(JSON_OBJECT);
	struct err e;

	json_set(line, "type", json_str(type));
	json_set(line, "when", json_num((long long)unix_now()));
	json_set(line, "container", json_str(p->id));
	json_set(line, "message", json_str(words));
	(void)!journal_append(&p->policy, line, &e);
	json_free(line);
}

static void record(const struct plan *p, const char *words)
{
	record_as(p, "error", words);
}

static void record_upgrade(const struct plan *p)
{
	char words[512];

	snprintf(words, sizeof(words), "a new image of a known workload: %.128s@%.19s; its predecessor is %s", p->who.name,
		 p->who.image, p->predecessor);
	record_as(p, "upgrade", words);
}

/* What is to be enforced needs room for what it does. */
static int watch(const struct plan *p, struct err *e)
{
	int rc = plan_closes(p) ? room_to_enforce(&p->policy, e) : 0;

	return rc < 0 ? rc : keeper_start(p, e);
}

static int attach(const struct plan *p, struct err *e)
{
	int rc;

	if (p->ignored[0])
		record(p, p->ignored);
	if (plan_mode(p) == MODE_OFF || attached_already(p))
		return 0;
	if (rootless()) {
		rc = rootless_admit(plan_mode(p), e);
		if (rc == 0)
			record(p, e->text);
		return rc;
	}
	if (plan_refuses(p))
		return plan_refuse_upgrade(p, e);
	if (p->predecessor[0])
		record_upgrade(p);
	rc = watch(p, e);
	if (rc < 0 && !plan_closes(p)) {
		record(p, e->text); /* open in learn: a new user's container runs as under runc */
		return 0;
	}
	return rc;
}

/* The keeper ends by itself when all of the container has ended. */
static void wait_for_keeper(const struct state *s)
{
	auto_of(fd) int keeper = process_is_same((pid_t)s->keeper, s->keeper_start) ? (int)syscall(SYS_pidfd_open, s->keeper, 0) : -1;
	struct pollfd p = { keeper, POLLIN, 0 };

	if (keeper < 0 || poll(&p, 1, 1000) != 0)
		return;
	if (process_is_same((pid_t)s->monitor, s->monitor_start)) /* others are in its cgroup, which is not for us to wait for */
		kill((pid_t)s->monitor, SIGTERM);
	(void)poll(&p, 1, 2000);
}

static void end(const struct plan *p)
{
	struct state s;
	struct err e;

	if (state_load(p->state, &s, &e) < 0)
		return;
	wait_for_keeper(&s);
	if (!process_is_same((pid_t)s.keeper, s.keeper_start)) {
		control_forget(&p->policy, &s);
		state_remove(p->state);
	}
	state_done(&s);
}

/* A person asked, so a failure is told; the container runs on as before. */
static int attach_late(const struct plan *p, struct err *e)
{
	if (plan_mode(p) == MODE_OFF)
		return fail(e, EINVAL, "mode off is in force for workload %s: thymus mode monitor %s, then watch it", p->who.name,
			    p->who.name);
	if (attached_already(p))
		return fail(e, EEXIST, "container %s is watched already: see thymus status", p->id);
	return keeper_start(p, e);
}

int main(int argc, char **argv)
{
	static char text[STATE_BYTES];
	static struct plan plan;
	struct err e = { "" };
	struct arguments a;
	size_t len;
	int rc = parse(argc, argv, &a, &e);

	if (rc == 0 && strcmp(a.stage, "--version") == 0)
		return puts(thymus_version) < 0;
	if (rc == 0 && strcmp(a.stage, "precreate") == 0) {
		rc = give_back(&e);
		if (rc < 0)
			fprintf(stderr, "thymus-hook: %s\n", e.text);
		return rc < 0;
	}
	if (rc == 0)
		rc = read_input(text, sizeof(text), &len, &e);
	if (rc == 0 && strcmp(a.stage, "poststart") == 0)
		return 0;
	if (rc == 0 && strcmp(a.stage, "poststop") == 0) {
		rc = plan_end(text, len, a.policy, a.root, &plan, &e);
		if (rc == 0)
			end(&plan);
	} else if (rc == 0 && strcmp(a.stage, "watch") == 0) {
		rc = plan_make_late(text, len, a.policy, a.root, a.mode, &plan, &e);
		if (rc == 0)
			rc = attach_late(&plan, &e);
	} else if (rc == 0) {
		rc = plan_make(text, len, a.policy, a.root, a.bundle, a.mode, &plan, &e);
		/* Whose name is not known may be one that a person said `enforce` for. */
		if (rc < 0 && plan.id[0] && plan_mode(&plan) != MODE_ENFORCE &&
		    !(plan.who.name[0] == '\0' && override_asks(&plan.policy, MODE_ENFORCE))) {
			record(&plan, e.text);
			return 0;
		}
	}
	if (rc == 0 && (strcmp(a.stage, "createRuntime") == 0 || strcmp(a.stage, "prestart") == 0))
		rc = attach(&plan, &e);
	if (rc < 0)
		fprintf(stderr, "thymus-hook: %s\n", e.text);
	/* an engine may show a person nothing of what its runtime's hook said */
	if (rc < 0 && plan.id[0] && strcmp(a.stage, "watch") != 0)
		record_as(&plan, "refused", e.text);
	return rc < 0;
}
