/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "cgroup.h"
#include "process.h"
#include "sensor.h"

/* The container's row, if the sensor that watches it is of our own build; `sensor` to close. */
static int row_of(const struct policy *p, const struct state *s, struct sensor **sensor, struct container **row,
		  struct err *e)
{
	char lock[4200];
	int rc;

	snprintf(lock, sizeof(lock), "%s/sensor.lock", p->run);
	rc = sensor_open(p->bpf, lock, false, sensor, e);
	if (rc < 0)
		return rc;
	*row = sensor_row(*sensor, s->slot);
	if (!*row || (*row)->generation == 0 || (*row)->init != s->pid) {
		sensor_close(*sensor);
		return fail(e, ENOENT, "container %s is not monitored any more", s->id);
	}
	return 0;
}

int control_mode(const struct policy *p, const struct state *s, enum mode mode, struct err *e)
{
	struct sensor *sensor;
	struct container *row;
	int rc = row_of(p, s, &sensor, &row, e);

	if (rc < 0)
		return rc;
	/* What takes power away must not wait for anyone; the monitor follows within a tick, and does the rest. */
	if (mode == MODE_OFF || mode == MODE_MONITOR)
		row->act = row->session_act = row->kill = 0;
	if (mode == MODE_OFF)
		row->mode = 0;
	sensor_close(sensor);
	if ((mode == MODE_ENFORCE || mode == MODE_LEARN) && !process_is_same((pid_t)s->monitor, s->monitor_start))
		return fail(e, ESRCH, "container %s has no live monitor to put mode %s in force", s->id,
			    policy_mode_name(mode));
	return 0;
}

static void continue_stopped(void *ctx, pid_t pid)
{
	(void)ctx;
	if (process_state(pid) == 'T')
		kill(pid, SIGCONT);
}

/* No frozen task shows that it is stopped besides: all are told, who is not stopped does not mind. */
static void continue_any(void *ctx, pid_t pid)
{
	(void)ctx;
	kill(pid, SIGCONT);
}

/* Where runc pauses by the v1 freezer beside a unified hierarchy that we freeze, its file tells; elsewhere there is one
 * freezer, and the monitor has seen whether it was in use. */
static bool is_paused(const struct state *s, const struct cgroup *group)
{
	struct cgroup v1 = *group;

	v1.unified[0] = '\0';
	return group->unified[0] && group->freezer[0] ? cgroup_frozen(&v1) : s->paused;
}

static void cgroup_from(const struct state *s, struct cgroup *ret)
{
	*ret = (struct cgroup){ .id = 0 };
	snprintf(ret->unified, sizeof(ret->unified), "%s", s->unified ? s->unified : "");
	snprintf(ret->freezer, sizeof(ret->freezer), "%s", s->freezer ? s->freezer : "");
}

/* What was allowed a moment ago must be in force before the container runs on: let the monitor
 * catch up, if there is one. */
static void let_monitor_catch_up(struct container *row)
{
	struct timespec moment = { 0, 20000000 };
	u32 asked = __atomic_add_fetch(&row->asked, 1, __ATOMIC_SEQ_CST);

	for (int i = 0; i < 100 && __atomic_load_n(&row->answered, __ATOMIC_SEQ_CST) != asked; i++)
		nanosleep(&moment, NULL);
}

int control_release(const struct policy *p, const struct state *s, struct err *e)
{
	struct sensor *sensor;
	struct container *row;
	struct cgroup group;
	bool paused;
	int rc;

	cgroup_from(s, &group);
	paused = is_paused(s, &group);
	if (row_of(p, s, &sensor, &row, e) == 0) { /* a dead sensor must not keep it frozen */
		let_monitor_catch_up(row);
		row->condemned = 0;
		sensor_close(sensor);
	}
	rc = paused && !(group.unified[0] && group.freezer[0]) ? 0 : cgroup_freeze(&group, false, e);
	if (paused) {
		cgroup_each(&group, continue_any, NULL);
		return rc;
	}
	/* a frozen task shows no T: thaw first, and give stops that were pending a moment to land */
	for (int i = 0; i < 3; i++) {
		struct timespec moment = { 0, 20000000 };

		nanosleep(&moment, NULL);
		cgroup_each(&group, continue_stopped, NULL);
	}
	return rc;
}

void control_forget(const struct policy *p, const struct state *s)
{
	struct sensor *sensor;
	struct container *row;
	struct slot left;
	struct err ignored;

	if (row_of(p, s, &sensor, &row, &ignored) < 0)
		return;
	sensor_leave(sensor, s->slot, &left);
	sensor_empty(sensor, s->slot, &left);
	sensor_close(sensor);
}

bool control_is_stopped(const struct policy *p, const struct state *s)
{
	struct sensor *sensor;
	struct container *row;
	struct cgroup group;
	struct err e;
	bool condemned = false;

	cgroup_from(s, &group);
	if (row_of(p, s, &sensor, &row, &e) < 0)
		return cgroup_frozen(&group);
	condemned = row->condemned; /* frozen alone may be the engine's doing */
	sensor_close(sensor);
	return condemned;
}
