/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unload.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "control.h"
#include "file.h"
#include "lock.h"
#include "process.h"
#include "sensor_builds.h"
#include "state.h"

enum { KEEPER_MS = 5000 }; /* for a keeper to write what was learned and to let go */

struct search {
	const struct policy *policy;
	const char *build;
	struct json *users;
	unsigned count;
};

static bool is_group(const char *folder, uint64_t id)
{
	struct stat st;

	return folder && *folder && stat(folder, &st) == 0 && st.st_ino == id;
}

/* The container that says it has this group; false: none does. */
static bool container_of(const struct policy *p, uint64_t cgroup, uint32_t hierarchy, struct state *ret)
{
	auto_of(list) char **all = NULL;
	struct err e;

	if (state_list(p, &all, &e) < 0)
		return false;
	for (size_t i = 0; all[i]; i++) {
		if (state_load(all[i], ret, &e) < 0)
			continue;
		if (is_group(hierarchy ? ret->freezer : ret->unified, cgroup))
			return true;
		state_done(ret);
	}
	return false;
}

static void user(void *ctx, uint64_t id, uint32_t hierarchy)
{
	struct search *u = ctx;
	struct cgroup group = { .id = id };
	auto_state s = { 0 };
	bool known;

	/* a group that is gone or empty belongs to a container whose keeper was killed */
	if (id && (!cgroup_by_id(id, hierarchy, &group) || cgroup_empty(&group)))
		return;
	known = id && container_of(u->policy, id, hierarchy, &s);
	struct json *row = json_add(u->users, json_new(JSON_OBJECT));
	json_set(row, "build", json_str(u->build));
	json_set(row, "container", json_str(known ? s.id : ""));
	json_set(row, "cgroup", json_str(group.unified[0] ? group.unified : group.freezer));
	json_set(row, "frozen", json_flag(known && (*s.action || control_is_stopped(u->policy, &s))));
	u->count++;
}

static void end_monitor(const struct state *s)
{
	auto_of(fd) int keeper = process_open((pid_t)s->keeper, "thymus-keeper", 0);
	auto_of(fd) int monitor = keeper < 0 ? -1 : process_open((pid_t)s->monitor, "thymus-monitor", (pid_t)s->keeper);
	struct pollfd p = { keeper, POLLIN, 0 };

	if (monitor >= 0 && process_is_same((pid_t)s->monitor, s->monitor_start) &&
	    syscall(SYS_pidfd_send_signal, monitor, SIGTERM, NULL, 0) == 0)
		(void)poll(&p, 1, KEEPER_MS);
}

/* What is frozen stays watched: let loose it would run on with what it was stopped for. */
static int end_monitors(const struct policy *p, struct err *e)
{
	auto_of(list) char **all = NULL;
	int rc = state_list(p, &all, e);

	for (size_t i = 0; rc == 0 && all[i]; i++) {
		auto_state s = { 0 };
		struct err ignored;

		if (state_load(all[i], &s, &ignored) == 0 && !*s.action && !control_is_stopped(p, &s))
			end_monitor(&s);
	}
	return rc;
}

static int each_build(struct search *u, const struct unload_wish *w, struct json *removed, struct err *e)
{
	auto_names builds = { 0 };
	int rc = sensor_builds(u->policy->bpf, &builds, e);

	for (size_t i = 0; rc == 0 && i < builds.count; i++) {
		u->build = strrchr(builds.name[i], '/') + 1;
		u->count = 0;
		rc = sensor_build_slots(builds.name[i], user, u, e);
		if (rc < 0 || w->dry || u->count)
			continue;
		rc = sensor_build_remove(builds.name[i], e);
		if (rc == 0 && !json_add(removed, json_str(u->build)))
			rc = fail(e, ENOMEM, "out of memory");
	}
	return rc;
}

int unload(const struct policy *p, const struct unload_wish *w, struct json **ret, struct err *e)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	struct json *users = json_set(doc, "users", json_new(JSON_ARRAY));
	struct json *removed = json_set(doc, "removed", json_new(JSON_ARRAY));
	struct search u = { .policy = p, .users = users };
	char lock[4200];
	int rc;

	if (!users || !removed)
		return fail(e, ENOMEM, "out of memory");
	if (access(p->bpf, F_OK) == 0 || errno != ENOENT) {
		rc = w->force && !w->dry ? end_monitors(p, e) : 0;
		if (rc == 0)
			rc = file_mkdirs(p->run, e);
		snprintf(lock, sizeof(lock), "%s/sensor.lock", p->run);
		/* nobody claims a place meanwhile */
		auto_of(fd) int held = rc < 0 ? -1 : (rc = lock_open(lock, O_RDWR, e));
		rc = rc < 0 ? rc : each_build(&u, w, removed, e);
		(void)held;
		if (rc < 0)
			return rc;
	}
	if (!w->dry && !users->child) {
		sensor_builds_leave(p->bpf);
		cgroup_forget();
	}
	*ret = STEAL(doc);
	return 0;
}
