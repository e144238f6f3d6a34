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
#include "sensor_builds.h"
#include "wake.h"

static struct sensor_switches switches_of(const struct policy *p, const struct state *s)
{
	return sensor_builds_find(p->bpf, s->slot, s->pid);
}

int control_mode(const struct policy *p, const struct state *s, enum mode mode, struct err *e)
{
	auto_switches found = switches_of(p, s);
	struct switches *row = found.row;

	if (!row)
		return fail(e, ENOENT, "container %s is not monitored any more", s->id);
	/* What takes power away must not wait for anyone; the monitor follows within a tick, and does the rest. */
	if (mode == MODE_OFF || mode == MODE_MONITOR)
		row->act = row->session_act = row->kill = 0;
	if (mode == MODE_OFF)
		row->mode = 0;
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
static void let_monitor_catch_up(const struct policy *p, const struct state *s, struct switches *row)
{
	char folder[4096];
	struct timespec moment = { 0, 20000000 };
	u32 asked = __atomic_add_fetch(&row->asked, 1, __ATOMIC_SEQ_CST);

	state_folder(p, s->root, s->id, folder);
	wake_one(folder);
	for (int i = 0; i < 100 && __atomic_load_n(&row->answered, __ATOMIC_SEQ_CST) != asked; i++)
		nanosleep(&moment, NULL);
}

int control_release(const struct policy *p, const struct state *s, struct err *e)
{
	auto_switches found = switches_of(p, s);
	struct cgroup group;
	bool paused;
	int rc;

	cgroup_from(s, &group);
	paused = is_paused(s, &group);
	if (found.row) { /* a dead sensor must not keep it frozen */
		let_monitor_catch_up(p, s, found.row);
		found.row->condemned = 0;
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

struct sensor *control_sensor(const struct policy *p)
{
	struct sensor *sensor;
	struct err ignored;
	char lock[4200];

	snprintf(lock, sizeof(lock), "%s/sensor.lock", p->run);
	return sensor_open(p->bpf, lock, false, &sensor, &ignored) == 0 ? sensor : NULL;
}

void control_forget(const struct policy *p, const struct state *s)
{
	auto_switches found = switches_of(p, s);
	struct sensor *sensor;
	struct slot left;

	if (!found.row)
		return;
	sensor = control_sensor(p);
	if (sensor) {
		const struct container *row = sensor_row(sensor, s->slot);
		bool own = row && row->generation == found.row->generation && row->init == s->pid;

		if (own) {
			sensor_leave(sensor, s->slot, &left);
			sensor_empty(sensor, s->slot, &left);
		}
		sensor_close(sensor);
		if (own)
			return;
	}
	found.row->generation = 0; /* of another build, which gives no place away any more: the rest goes with it */
}

bool control_is_stopped(const struct policy *p, const struct state *s)
{
	struct cgroup group;

	cgroup_from(s, &group);
	auto_switches found = switches_of(p, s);
	/* frozen alone may be the engine's doing */
	return found.row ? found.row->condemned != 0 : cgroup_frozen(&group);
}

void control_refresh(const struct policy *p, struct sensor *sensor, struct state *s)
{
	const struct container *row = sensor ? sensor_row(sensor, s->slot) : NULL;
	char folder[4096];

	if (!row || row->generation == 0 || row->init != s->pid) {
		/* another build's: the file must do, and its monitor makes it new for who asks next */
		state_folder(p, s->root, s->id, folder);
		wake_one(folder);
		return;
	}
	s->calls = sensor_calls(sensor, s->slot);
	s->lost = row->lost + row->full;
	s->deviations = row->deviations;
	s->programs = row->programs - 1;
	s->waiting = !row->started;
	s->seconds = (unsigned long long)time(NULL) - s->started;
}
