/* SPDX-License-Identifier: GPL-2.0-or-later */
/* teach.c - what this container learned becomes part of its workload's profile. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "budget.h"
#include "folder.h"
#include "monitor.h"
#include "room.h"
#include "store.h"

u64 unix_now(void)
{
	return (u64)time(NULL);
}

struct lesson {
	struct monitor *m;
	struct profile *p;
	u32 index[GRAM_PROGRAMS]; /* local -> of p */
	int rc;
	struct err *e;
};

static void take_gram(void *ctx, u64 key, u32 second, bool many)
{
	struct lesson *l = ctx;
	u32 index = l->index[gram_program(key) % GRAM_PROGRAMS];
	u64 mine = gram_key(index, key & GRAM_MASK);
	u32 contributor = l->m->shared->contributor;

	if (l->rc < 0 || index == 0)
		return;
	l->rc = model_add(l->p->model, mine, unit_id(contributor, second), l->e);
	if (l->rc == 0 && many)
		l->rc = model_add(l->p->model, mine, unit_id(contributor, UNIT_MANY), l->e);
}

static int add_seen(struct profile *p, const struct seen *s, u32 *index, struct err *e)
{
	int rc = profile_add_program(p, s->path, s->name, s->session, index, e);

	if (rc == 0 && *s->sha256)
		memcpy(p->programs[*index].sha256, s->sha256, sizeof(s->sha256));
	return rc;
}

static int name_programs(struct lesson *l)
{
	struct monitor *m = l->m;
	int rc = 0;

	for (u32 i = 1; i < GRAM_PROGRAMS && i < m->row->programs && rc == 0; i++) {
		const struct seen *s = &m->shared->seen[i];

		if (s->used)
			rc = add_seen(l->p, s, &l->index[i], l->e);
	}
	return rc;
}

static char *copy_of(const char *s)
{
	return strdup(s ? s : "");
}

/* One row: this container's life so far. */
static int sign(struct lesson *l, bool stopped)
{
	struct monitor *m = l->m;
	struct contributor *c = calloc(1, sizeof(*c));
	char host[256] = "";

	if (!c)
		return fail(l->e, ENOMEM, "out of memory");
	l->p->contributors = c;
	l->p->ncontributors = 1;
	gethostname(host, sizeof(host) - 1);
	c->id = m->shared->contributor;
	c->container = copy_of(m->plan->id);
	c->host = copy_of(host);
	c->started = m->shared->started;
	c->seconds = unix_now() - m->shared->started;
	c->calls = sensor_calls(m->sensor, tenant_slot(m->tenant));
	c->lost = m->row->lost + m->row->full;
	c->floor = m->row->floor;
	c->late = m->plan->late;
	c->stopped = stopped;
	c->reloads = (u32)m->row->reloads;
	c->units = calloc(l->p->nprograms, sizeof(*c->units));
	if (!c->container || !c->host || !c->units)
		return fail(l->e, ENOMEM, "out of memory");
	for (u32 i = 1; i < GRAM_PROGRAMS; i++)
		if (l->index[i])
			c->units[l->index[i]] += m->row->seconds[i];
	return 0;
}

/* Is there a profile, or room for one more?  Before its lock is made, which is a file, too. */
static int may_begin(const struct plan *plan, struct err *e)
{
	const struct policy *p = &plan->policy;
	auto_of(list) char **files = NULL;
	unsigned count = 0;
	int rc;

	if (access(plan->profile, F_OK) == 0)
		return 0;
	rc = store_list(p, &files, e);
	if (rc == 0)
		rc = room_left(p, p->profiles, e);
	if (rc < 0)
		return rc;
	while (files[count])
		count++;
	if (count >= p->limits.profiles)
		return fail(e, ENOSPC, "workload %.64s is not learned: there are %u profiles (policy: limits.profiles); thymus profile rm "
			    "removes one", plan->who.name, count);
	return 0;
}

/* Load what is on disk, or begin. */
static int current(const struct plan *plan, struct profile **ret, struct err *e)
{
	int rc = store_load(plan->profile, ret, e);

	if (rc == -ENOENT)
		rc = profile_new(plan->who.scope, plan->who.name, plan->who.image, plan->who.arch, 3, ret, e);
	return rc;
}

int monitor_teach(struct monitor *m, bool stopped, struct err *e)
{
	const struct plan *plan = m->plan;
	auto_of(profile) struct profile *disk = NULL;
	struct lesson l = { .m = m, .e = e };
	auto_of(profile) struct profile *mine = NULL;
	struct store_lock lock;
	int rc;

	if (m->row->mode != SENSE_LEARN || !m->row->started)
		return 0;
	rc = may_begin(plan, e);
	if (rc == 0)
		rc = profile_new(plan->who.scope, plan->who.name, plan->who.image, plan->who.arch, m->row->order, &mine, e);
	if (rc < 0)
		return rc;
	l.p = mine;
	rc = name_programs(&l);
	if (rc == 0) {
		tenant_learned(m->tenant, take_gram, &l);
		rc = l.rc;
	}
	if (rc == 0)
		rc = sign(&l, stopped);
	if (rc == 0)
		rc = store_lock(plan->profile, &lock, e);
	if (rc < 0)
		return rc;
	rc = current(plan, &disk, e);
	/* who is proving or ready takes nothing from learners */
	if (rc == 0 && profile_is_open(disk)) {
		rc = profile_merge(disk, mine, e);
		if (rc == 0)
			rc = store_save(plan->profile, disk, e);
	}
	store_unlock(&lock);
	return rc;
}

/* ---- amendments: finds while proving, and what an allowed program does ---- */

static int amend_one(struct monitor *m, struct profile *p, const struct amendment *a, struct err *e)
{
	const struct seen *s = &m->shared->seen[a->local];
	u64 unit = unit_id(m->shared->contributor, UNIT_MANY);
	u32 index, length;
	int rc;

	if (!s->used)
		return 0;
	rc = add_seen(p, s, &index, e);
	if (rc < 0)
		return rc;
	if (m->row->open[a->local] && p->programs[index].open_until == 0)
		p->programs[index].open_until = unix_now() + m->plan->policy.allow_seconds;
	length = gram_length(a->window, p->order);
	for (u32 n = 1; a->window && n <= length; n++)
		if (model_add(p->model, gram_key(index, gram_last(a->window, n)), unit, e) < 0)
			return -ENOMEM;
	length = gram_length(a->acting, ACTING_ORDER);
	for (u32 n = 1; a->acting && n <= length; n++)
		if (model_add(p->model, gram_key(index, gram_last(a->acting, n) | GRAM_ACTING), unit, e) < 0)
			return -ENOMEM;
	return 0;
}

static void drop_amendments(struct monitor *m)
{
	while (m->amendments) {
		struct amendment *next = m->amendments->next;

		free(m->amendments);
		m->amendments = next;
	}
}

int monitor_amend(struct monitor *m, struct err *e)
{
	auto_of(profile) struct profile *disk = NULL;
	struct store_lock lock;
	int rc;

	if (!m->amendments)
		return 0;
	rc = store_lock(m->plan->profile, &lock, e);
	if (rc < 0)
		return rc;
	rc = store_load(m->plan->profile, &disk, e);
	for (struct amendment *a = m->amendments; a && rc == 0; a = a->next)
		rc = amend_one(m, disk, a, e);
	if (rc == 0) {
		disk->version++;
		disk->proved = 0; /* a find restarts the clean stretch */
		disk->proving_since = disk->state == PROFILE_PROVING ? unix_now() : disk->proving_since;
		m->shared->proved = 0;
		rc = store_save(m->plan->profile, disk, e);
	}
	store_unlock(&lock);
	drop_amendments(m);
	return rc;
}

/* ---- learning -> proving -> ready, by evidence ---- */

static bool advance(struct monitor *m, struct profile *p)
{
	const struct policy *policy = &m->plan->policy;

	if (profile_is_open(p) && profile_lacks(p, policy, m->plan->classes, NULL) & (1u << 1)) {
		p->state = PROFILE_PROVING;
		p->proving_since = unix_now();
		p->proved = 0;
		p->version++;
		monitor_journal(m, "proving", "learning ended by evidence; new behaviour is judged now, and not acted on");
		return true;
	}
	if (p->state != PROFILE_PROVING)
		return false;
	if (m->row->score_max > p->score_max)
		p->score_max = m->row->score_max;
	p->proved += m->shared->proved;
	m->shared->proved = 0;
	if (p->proved >= policy->prove_seconds && m->row->floor == 0) {
		p->state = PROFILE_READY;
		p->version++;
		monitor_journal(m, "ready", "a clean stretch: the profile is ready");
	}
	return true;
}

void monitor_follow(struct monitor *m)
{
	auto_of(profile) struct profile *disk = NULL;
	struct store_lock lock;
	struct err e;

	if (m->asked != MODE_AUTO || !m->row->started || access(m->plan->profile, F_OK) < 0 || store_lock(m->plan->profile, &lock, &e) < 0)
		return;
	if (store_load(m->plan->profile, &disk, &e) == 0 && advance(m, disk) && store_save(m->plan->profile, disk, &e) < 0)
		monitor_journal(m, "error", e.text);
	store_unlock(&lock);
}
