/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge.c - bring what the sensor does to what the profile and the policy say now. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "budget.h"
#include "file.h"
#include "gate_exec.h"
#include "monitor.h"
#include "rootfs.h"
#include "store.h"

enum { BATCH = 128 };

/* ---- programs: files of the profile as this container has them ---- */

struct batch {
	int fd[BATCH];
	struct program_key key[BATCH];
	bool known[BATCH];
};

static void note_key(void *ctx, u32 fd, const struct program_key *key)
{
	struct batch *b = ctx;

	for (int i = 0; i < BATCH; i++)
		if (b->fd[i] == (int)fd) {
			b->key[i] = *key;
			b->known[i] = true;
		}
}

static u32 local_of(const struct monitor *m, const struct program *g)
{
	/* no further: to look at a page of it is to have it */
	for (u32 i = 1; i < GRAM_PROGRAMS && i < m->row->programs; i++) {
		const struct seen *s = &m->shared->seen[i];

		if (s->used && s->session == g->session && strcmp(s->path, g->path) == 0 && strcmp(s->name, g->name) == 0 &&
		    (!*s->sha256 || strcmp(s->sha256, g->sha256) == 0))
			return i;
	}
	return 0;
}

static void name_key(struct program_key *key, const struct program *g)
{
	key->name = program_name_hash(g->name, strchr(g->name, '/') != NULL);
	key->session = g->session;
}

static int know(struct monitor *m, const struct program *g, const struct program_key *found, u32 index, struct err *e)
{
	struct program_key key = *found;
	u32 local = local_of(m, g);

	name_key(&key, g);
	if (local == 0) {
		local = __atomic_fetch_add(&m->row->programs, 1, __ATOMIC_RELAXED);
		if (local >= GRAM_PROGRAMS)
			return fail(e, ENOSPC, "more than %d programs in one container", GRAM_PROGRAMS - 1);
		struct seen *s = &m->shared->seen[local];
		snprintf(s->path, sizeof(s->path), "%s", g->path);
		snprintf(s->name, sizeof(s->name), "%s", g->name);
		snprintf(s->sha256, sizeof(s->sha256), "%s", g->sha256);
		s->session = g->session;
		s->used = true;
	}
	m->row->profile_program[local] = (u16)index;
	return tenant_know(m->tenant, &key, local, e);
}

static int know_batch(struct monitor *m, const int *fd, const u32 *index, u32 count, struct err *e)
{
	struct batch b = { .known = { false } };
	int rc;

	for (u32 i = 0; i < BATCH; i++)
		b.fd[i] = i < count ? fd[i] : -1;
	rc = sensor_identify(m->sensor, note_key, &b, e);
	for (u32 i = 0; i < count && rc == 0; i++)
		if (b.known[i])
			rc = know(m, &m->profile->programs[index[i]], &b.key[i], index[i], e);
	return rc;
}

static int identify(struct monitor *m, int fd, const char *path, struct program_key *ret, struct err *e)
{
	struct batch b = { .known = { false } };
	int rc;

	for (u32 i = 0; i < BATCH; i++)
		b.fd[i] = i == 0 ? fd : -1;
	rc = sensor_identify(m->sensor, note_key, &b, e);
	if (rc == 0 && !b.known[0])
		rc = fail(e, ENOENT, "the kernel does not tell what %s is", path);
	if (rc == 0)
		*ret = b.key[0];
	return rc;
}

int monitor_replace(struct monitor *m, int fd, u32 index, struct err *e)
{
	struct program_key *before, now;
	int rc;

	if (!m->readmitted)
		m->readmitted = calloc(GRAM_PROGRAMS, sizeof(*m->readmitted));
	if (!m->readmitted)
		return fail(e, ENOMEM, "out of memory");
	before = &m->readmitted[index];
	rc = identify(m, fd, m->profile->programs[index].path, &now, e);
	if (rc < 0)
		return rc;
	if (before->inode) /* all containers share the kernel's table */
		tenant_forget(m->tenant, before);
	*before = now;
	name_key(before, &m->profile->programs[index]);
	return know(m, &m->profile->programs[index], before, index, e);
}

int monitor_meet(struct monitor *m, const struct program *g, int fd, u32 *local, u64 *inode, struct err *e)
{
	u32 index = m->profile ? profile_program(m->profile, g->path, g->name, g->session) : 0;
	struct program_key key;
	int rc = identify(m, fd, g->path, &key, e);

	if (rc < 0)
		return rc;
	if (index && *g->sha256 && strcmp(g->sha256, m->profile->programs[index].sha256) != 0)
		index = 0;
	rc = know(m, g, &key, index, e);
	*local = local_of(m, g);
	*inode = key.inode;
	return rc;
}

int monitor_know(struct monitor *m, const int *fd, const u32 *index, u32 count, struct err *e)
{
	int rc = 0;

	for (u32 at = 0; at < count && rc == 0; at += BATCH)
		rc = know_batch(m, fd + at, index + at, count - at < BATCH ? count - at : BATCH, e);
	return rc;
}

/* A file of the profile: what was changed since it was learned, in the container's own layer, is another. */
static int open_program(const struct monitor *m, const struct program *g)
{
	int fd = rootfs_open_exact(m->root, g->path);
	char sha256[65];

	if (fd >= 0 && !monitor_unchanged(m, g, fd, sha256)) {
		file_close(fd);
		return -1;
	}
	return fd;
}

static int know_some(struct monitor *m, u32 from, u32 to, struct err *e)
{
	int fd[BATCH], rc;
	u32 index[BATCH], count = 0;

	for (u32 i = from; i < to; i++) {
		if (local_of(m, &m->profile->programs[i]))
			continue;
		fd[count] = open_program(m, &m->profile->programs[i]);
		index[count] = i;
		count += fd[count] >= 0;
	}
	rc = monitor_know(m, fd, index, count, e);
	for (u32 i = 0; i < count; i++)
		file_close(fd[i]);
	return rc;
}

/* A file that was seen with another content than the profile's is another program by the same path. */
static u32 program_as_seen(const struct profile *p, const struct seen *s)
{
	u32 i = profile_program(p, s->path, s->name, s->session);

	return i && *s->sha256 && strcmp(s->sha256, p->programs[i].sha256) != 0 ? 0 : i;
}

static int know_programs(struct monitor *m, struct err *e)
{
	u32 end = m->profile->nprograms;
	int rc = 0;

	for (u32 i = 1; i < end && rc == 0; i += BATCH)
		rc = know_some(m, i, i + BATCH < end ? i + BATCH : end, e);
	for (u32 i = 1; i < GRAM_PROGRAMS && i < m->row->programs; i++) {
		const struct seen *s = &m->shared->seen[i];

		if (s->used)
			m->row->profile_program[i] = (u16)program_as_seen(m->profile, s);
	}
	return rc;
}

bool monitor_open_programs(struct monitor *m)
{
	u64 now = unix_now();
	bool any = false;

	for (u32 i = 1; i < GRAM_PROGRAMS && i < m->row->programs; i++) {
		u32 index = m->row->profile_program[i];

		/* not yet in the profile: opened by the sensor, as an allowed program's child */
		if (m->profile && index && index < m->profile->nprograms)
			m->row->open[i] = m->profile->programs[index].open_until > now;
		any |= m->row->open[i];
	}
	return any;
}

/* ---- what to do ---- */

/* Verdict bits that `action` or more answers. */
static u32 bits_of(const struct policy *p, u32 ready, enum action least)
{
	static const u32 tier[4] = { 0, VERDICT_TIER1, VERDICT_TIER2, VERDICT_TIER3 };
	u32 bits = 0;

	for (u32 i = 1; i <= 3; i++)
		if (p->action[i] >= least && (i == 1 || ready & (1u << i)))
			bits |= tier[i];
	return bits;
}

static bool lossy(const struct profile *p, struct err *e)
{
	for (u32 i = 0; i < p->ncontributors; i++)
		if (p->contributors[i].lost || p->contributors[i].late) {
			fail(e, EINVAL, "profile %s/%s %s container %.12s: "
			     "it cannot be enforced; thymus profile rm %s, and learn again", p->scope, p->name,
			     p->contributors[i].lost ? "lost events while it learned from" : "learned from, attached late,",
			     p->contributors[i].container, p->name);
			return true;
		}
	return false;
}

/* What to do in a mode, given the profile: off, learn, monitor or enforce. */
static enum mode in_force(const struct plan *plan, enum mode asked, const struct profile *p)
{
	bool learning = !p || profile_is_open(p);

	switch (asked) {
	case MODE_AUTO:
		if (learning)
			return MODE_LEARN;
		return p->state == PROFILE_READY ? plan->policy.ready_mode : MODE_MONITOR;
	case MODE_LEARN: /* a profile in proving, ready or enforced takes nothing from learners */
		return learning ? MODE_LEARN : MODE_MONITOR;
	case MODE_MONITOR:
		return p && p->nprograms > 1 ? MODE_MONITOR : MODE_LEARN;
	default:
		return asked;
	}
}

/* Who came late never stops anything: what ran before is not known.  Nor does he spoil with what he saw a profile that
 * others teach from their start. */
static enum mode in_force_late(const struct plan *plan, enum mode asked, const struct profile *p)
{
	enum mode mode = in_force(plan, asked == MODE_ENFORCE ? MODE_MONITOR : asked, p);

	for (u32 i = 0; p && i < p->ncontributors; i++)
		if (mode == MODE_LEARN && !p->contributors[i].late)
			return MODE_MONITOR;
	return mode == MODE_ENFORCE ? MODE_MONITOR : mode;
}

static int start_judging(struct monitor *m, struct profile *p, enum mode mode, struct err *e)
{
	const struct policy *policy = &m->plan->policy;
	u32 ready = profile_lacks(p, policy, m->plan->classes, NULL);
	bool compatible = m->profile && m->row->mode == SENSE_JUDGE && p->nprograms >= m->profile->nprograms;
	struct weights weights;
	int rc;

	/* the same programs and more: no call need go unjudged while the model is exchanged */
	for (u32 i = 1; compatible && i < m->profile->nprograms; i++)
		compatible = strcmp(p->programs[i].path, m->profile->programs[i].path) == 0 &&
			     strcmp(p->programs[i].name, m->profile->programs[i].name) == 0;
	if (!compatible)
		m->row->mode = 0;
	profile_free(m->profile);
	m->profile = p;
	profile_weights(p, &weights);
	m->row->order = p->order;
	memcpy(&m->row->weights, &weights, sizeof(weights));
	rc = tenant_judge(m->tenant, p->model, e);
	if (rc == 0)
		rc = know_programs(m, e);
	if (rc < 0)
		return rc;
	(void)monitor_open_programs(m);
	m->row->kill = mode == MODE_ENFORCE ? bits_of(policy, ready, ACTION_KILL) : 0;
	m->row->act = mode == MODE_ENFORCE ? bits_of(policy, ready, ACTION_FREEZE) : 0;
	m->row->session_act = policy->sessions >= ACTION_FREEZE ? m->row->act : 0;
	m->row->proving = m->asked == MODE_AUTO && p->state == PROFILE_PROVING;
	m->row->mode = SENSE_JUDGE;
	snprintf(m->tiers, sizeof(m->tiers), "%s%s%s", m->row->act & VERDICT_TIER1 ? "1" : "",
		 m->row->act & VERDICT_TIER2 ? ",2" : "", m->row->act & VERDICT_TIER3 ? ",3" : "");
	return 0;
}

static void arm_gate(struct monitor *m, bool wanted)
{
	struct err e;

	if (!wanted) {
		gate_exec_close(m->gate);
		m->gate = -1;
		return;
	}
	monitor_gate_fill(m);
	if (m->gate < 0 && gate_exec_open(m->root, m->row->started ? "" : m->plan->rootfs, m->plan->pid, &m->gate, &e) < 0)
		snprintf(m->gate_why_not, sizeof(m->gate_why_not), "%.127s", e.text);
}

static void say(struct monitor *m, const struct profile *p, enum mode mode)
{
	auto_buf words = { 0 };
	char upgrade[300] = "";

	if (mode == MODE_LEARN && p)
		profile_lacks(p, &m->plan->policy, m->plan->classes, &words);
	if (m->plan->predecessor[0] && (mode == MODE_LEARN || !p))
		snprintf(upgrade, sizeof(upgrade), "a new image of a known workload; its predecessor is %s: ", m->plan->predecessor);
	snprintf(m->words, sizeof(m->words), "%s%s%.200s%s%s", upgrade, !m->plan->late ? "" : m->asked == MODE_ENFORCE ?
		 "attached late, so not enforced (start it again for that): " : "attached late: ", words.text ? words.text : mode == MODE_LEARN ? "learning has begun" :
		 mode == MODE_ENFORCE ? "a deviation of the tiers named is stopped" : "deviations are recorded",
		 m->gate_why_not[0] ? "; " : "", m->gate_why_not);
}

/* What is enforced is taught no more; `*p` becomes what is on disk now. */
static int close_profile(const char *path, struct profile **p, struct err *e)
{
	struct profile *now = NULL;
	struct store_lock lock;
	int rc = store_lock(path, &lock, e);

	if (rc < 0)
		return rc;
	rc = store_load(path, &now, e);
	if (rc == 0) {
		profile_free(*p);
		*p = now;
		now->enforced = unix_now();
		rc = store_save(path, now, e);
	}
	store_unlock(&lock);
	return rc;
}

int monitor_decide(struct monitor *m, struct decision *ret, struct err *e)
{
	const struct plan *plan = m->plan;
	auto_of(profile) struct profile *p = NULL;
	struct decision d = { .stamp = file_stamp(plan->profile), .kind = KIND_LEARN };
	int rc;

	m->asked = plan_mode(plan);
	if (m->row && (m->asked == MODE_OFF || m->asked == MODE_MONITOR)) { /* also where the profile cannot be read */
		m->row->act = m->row->session_act = m->row->kill = 0;
		arm_gate(m, false);
	}
	rc = store_load(plan->profile, &p, e);
	if (rc < 0 && rc != -ENOENT)
		return rc;
	d.mode = plan->late ? in_force_late(plan, m->asked, p) : in_force(plan, m->asked, p);
	if (d.mode == MODE_ENFORCE && (!p || p->nprograms <= 1) && plan->predecessor[0] && plan->policy.on_upgrade == UPGRADE_LEARN)
		d.mode = MODE_LEARN;
	if (d.mode == MODE_ENFORCE && (!p || p->nprograms <= 1) && plan->predecessor[0])
		return plan_refuse_upgrade(plan, e);
	if (d.mode == MODE_ENFORCE && (!p || p->nprograms <= 1))
		return fail(e, ENOENT, "workload %s/%s has no profile to enforce: let it run in mode learn first",
			    plan->who.scope, plan->who.name);
	if (d.mode == MODE_ENFORCE && lossy(p, e))
		return -EINVAL;
	if (d.mode == MODE_ENFORCE && p->state == PROFILE_LEARNING && p->enforced == 0) {
		rc = close_profile(plan->profile, &p, e);
		if (rc < 0)
			return rc;
		d.stamp = file_stamp(plan->profile);
	}
	if (d.mode != MODE_LEARN && p)
		d.kind = sensor_kind_for(p->model);
	d.profile = STEAL(p);
	*ret = d;
	return 0;
}

int monitor_enact(struct monitor *m, struct decision *d, struct err *e)
{
	auto_of(profile) struct profile *p = STEAL(d->profile);
	int rc = 0;

	m->profile_stamp = d->stamp;
	say(m, p, d->mode);
	m->tiers[0] = '\0';
	if (d->mode == MODE_OFF || d->mode == MODE_LEARN)
		m->row->act = m->row->session_act = m->row->kill = m->row->proving = 0;
	if (d->mode == MODE_OFF)
		m->row->mode = 0;
	else if (d->mode != MODE_LEARN)
		rc = start_judging(m, STEAL(p), d->mode, e);
	else if (m->row->mode != SENSE_LEARN)
		rc = tenant_learn(m->tenant, e);
	if (rc < 0)
		return rc;
	snprintf(m->mode, sizeof(m->mode), "%s", policy_mode_name(d->mode));
	arm_gate(m, d->mode == MODE_ENFORCE && m->row->act & VERDICT_EXEC);
	return 0;
}

int monitor_apply(struct monitor *m, struct err *e)
{
	struct decision d;
	int rc = monitor_decide(m, &d, e);

	return rc < 0 ? rc : monitor_enact(m, &d, e);
}
