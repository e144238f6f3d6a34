/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach.c - put the sensor on a container that its runtime is about to start. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"
#include "layer.h"
#include "monitor.h"
#include "override.h"
#include "recorder.h"
#include "wake.h"

/* The container's root in its own mount namespace.  While a createRuntime hook runs, the init's
 * root is still the host's, so the runtime's mount is reached by its path; the descriptor stays
 * valid when pivot_root makes that mount the root. */
static int open_root(const struct plan *p, struct err *e)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root%s", p->pid, p->late ? "" : p->rootfs);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fail(e, errno, "open the container's root %s: %m", path) : fd;
}

static int mount_namespace(struct monitor *m, struct err *e)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", m->plan->pid);
	m->mounts = open(path, O_RDONLY | O_CLOEXEC);
	if (m->mounts < 0 || fstat(m->mounts, &st) < 0)
		return fail(e, errno, "find the container's mount namespace: %m");
	m->row->mntns = (u32)st.st_ino;
	return 0;
}

static int claim(struct monitor *m, enum slot_kind kind, struct err *e)
{
	const struct plan *p = m->plan;
	char lock[4200];
	int rc;

	snprintf(lock, sizeof(lock), "%s/sensor.lock", p->policy.run);
	rc = file_mkdirs(p->state, e);
	if (rc == 0)
		rc = sensor_open(p->policy.bpf, lock, true, &m->sensor, e);
	if (rc == 0)
		m->wake = wake_open(p->state);
	m->kind = kind;
	m->ring = p->policy.traces ? TRACE_RING : MONITOR_RING;
	if (rc == 0)
		rc = sensor_claim(m->sensor, kind, m->ring, &m->tenant, e);
	if (rc < 0)
		return rc;
	m->row = tenant_row(m->tenant);
	memcpy(m->row->classes, p->classes, sizeof(m->row->classes));
	return mount_namespace(m, e);
}

int monitor_attach(struct monitor *m, struct err *e)
{
	const struct plan *p = m->plan;
	struct decision d = { .profile = NULL };
	struct err said;
	int rc;

	m->slot = CONTAINERS;
	m->gate = m->wake = m->pidfd = m->root = m->mounts = m->layer.upper = -1;
	m->shared->started = unix_now();
	m->shared->verdict_hash = 0xcbf29ce484222325ULL;
	if (getrandom(&m->shared->contributor, sizeof(m->shared->contributor), 0) < 0)
		return fail(e, errno, "no random numbers: %m");
	m->shared->contributor |= 1; /* never 0 */
	m->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (m->pidfd < 0)
		return fail(e, errno, "watch the container's init %d: %m", p->pid);
	m->root = open_root(p, e);
	if (m->root < 0)
		return m->root;
	layer_open(p->pid, p->late ? "/" : p->rootfs, m->root, &m->layer);
	rc = monitor_decide(m, &d, e);
	if (rc == 0)
		rc = claim(m, d.kind, e);
	if (rc == 0 && p->late) {
		rc = monitor_adopt(m, &d, e);
		if (rc == 0)
			tenant_settle(m->tenant);
		return rc;
	}
	/* Who is expected before whose group: threads that the runtime's init makes in between are not the container's. */
	if (rc == 0)
		rc = tenant_expect(m->tenant, (u32)p->pid, e);
	if (rc == 0)
		rc = tenant_watch_cgroup(m->tenant, p->cgroup.id, p->cgroup.hierarchy, e);
	if (rc == 0 && override_check(&p->policy, &said) < 0)
		monitor_journal(m, "error", said.text);
	if (rc == 0)
		rc = monitor_enact(m, &d, e);
	profile_free(d.profile);
	if (rc == 0 && p->policy.traces) {
		/* without a trace it is watched all the same */
		if (recorder_open(&p->policy, p->id, &m->recorder, &said) < 0)
			monitor_journal(m, "error", said.text);
		m->row->trace = m->recorder != NULL;
	}
	if (rc == 0)
		tenant_settle(m->tenant);
	return rc;
}

void monitor_leave(struct monitor *m)
{
	if (m->tenant) {
		m->slot = tenant_slot(m->tenant);
		tenant_free(m->tenant);
		m->tenant = NULL;
		sensor_leave(m->sensor, m->slot, &m->left);
	}
	recorder_close(m->recorder);
	profile_free(m->profile);
	file_close(m->gate);
	file_close(m->wake);
	file_close(m->layer.upper);
	file_close(m->root);
	file_close(m->mounts);
	file_close(m->pidfd);
}

void monitor_prepare(struct monitor *m)
{
	struct err ignored; /* the next container then starts a little later, no more */

	if (m->kind != KIND_NONE && m->ring == MONITOR_RING)
		(void)!sensor_prepare(m->sensor, m->kind, m->ring, &ignored);
	m->kind = KIND_NONE;
}

void monitor_empty(struct monitor *m)
{
	if (m->slot < CONTAINERS)
		sensor_empty(m->sensor, m->slot, &m->left);
	if (m->sensor)
		monitor_prepare(m);
	sensor_close(m->sensor);
}
