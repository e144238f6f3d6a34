/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - what the sensor tells becomes names, journal lines, incidents and actions. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "digest.h"
#include "document.h"
#include "evidence.h"
#include "file.h"
#include "gate_exec.h"
#include "incident.h"
#include "journal.h"
#include "layer.h"
#include "monitor.h"
#include "recorder.h"
#include "repeat.h"
#include "rootfs.h"
#include "utf8.h"
#include "verdict.h"

void monitor_journal(struct monitor *m, const char *type, const char *words)
{
	struct json *line = json_new(JSON_OBJECT);
	struct err e;

	json_set(line, "type", json_str(type));
	json_set(line, "when", json_num((long long)unix_now()));
	json_set(line, "container", json_str(m->plan->id));
	json_set(line, "workload", json_str(m->plan->who.name));
	json_set(line, "message", json_str(words));
	(void)!journal_append(&m->plan->policy, line, &e);
	json_free(line);
}

void monitor_complain(struct monitor *m, const char *words)
{
	if (strcmp(m->fault, words) == 0)
		return;
	snprintf(m->fault, sizeof(m->fault), "%s", words);
	monitor_journal(m, "error", words);
}

/* ---- programs ---- */

/* Paths come as components, last first. */
static void join_path(const struct execution *x, char *ret, size_t room)
{
	u32 start[64], n = 0, at = 0;
	size_t used = 0;

	while (at < x->length && at < PATH_BYTES && n < 64) {
		start[n++] = at;
		at += (u32)strnlen(x->path + at, PATH_BYTES - at) + 1;
	}
	ret[0] = '\0';
	while (n-- > 0 && used + 2 < room) {
		int more = snprintf(ret + used, room - used, "/%s", x->path + start[n]);

		used += more > 0 ? (size_t)more : 0;
	}
	utf8_keep(ret);
}

/* Is it the file that was executed, as the kernel saw it then? */
static bool is_executed(int fd, const struct program_key *key)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && (u64)st.st_size == key->size &&
	       (u64)st.st_ctim.tv_sec * 1000000000u + (u64)st.st_ctim.tv_nsec == key->ctime;
}

/* By its path in the container; where another file is there by now, by the process that runs it.  -1: neither. */
static int open_executed(const struct monitor *m, const struct execution *x, const char *path)
{
	auto_of(fd) int fd = rootfs_open_exact(m->root, path);
	char exe[64];
	int ret;

	if (!is_executed(fd, &x->key)) {
		file_close(fd);
		snprintf(exe, sizeof(exe), "/proc/%u/exe", x->event.tgid);
		fd = open(exe, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	}
	if (!is_executed(fd, &x->key))
		return -1;
	ret = fd;
	fd = -1;
	return ret;
}

static void learn_name(struct monitor *m, const struct execution *x)
{
	struct seen *s = &m->shared->seen[x->event.program % GRAM_PROGRAMS];
	const char *slash = strrchr(x->name, '/');

	if (s->used || x->event.program == 0)
		return;
	join_path(x, s->path, sizeof(s->path));
	snprintf(s->name, sizeof(s->name), "%s", x->script || !slash ? x->name : slash + 1);
	utf8_keep(s->name);
	s->session = x->key.session;
	s->used = true;
	auto_of(fd) int fd = open_executed(m, x, s->path);
	if (fd >= 0)
		s->layer = layer_of(&m->layer, fd, s->path, s->sha256);
	if (fd >= 0 && s->layer == LAYER_IMAGE && monitor_by_content(m))
		(void)digest_file(fd, LAYER_HASHED, s->sha256);
	if (m->profile && m->row->profile_program[x->event.program % GRAM_PROGRAMS] == 0 &&
	    m->row->open[x->event.program % GRAM_PROGRAMS]) {
		/* new while proving, or the child of an allowed program: it joins the profile, open */
		struct amendment *a = calloc(1, sizeof(*a));

		if (!a)
			return;
		a->local = x->event.program;
		a->next = m->amendments;
		m->amendments = a;
	}
}

static bool knows_path(const struct profile *p, const char *path)
{
	for (u32 i = 1; p && i < p->nprograms; i++)
		if (strcmp(p->programs[i].path, path) == 0)
			return true;
	return false;
}

/* ---- record, or stop ---- */

static void write_record(struct monitor *m, struct json *doc)
{
	struct err e;

	json_set(doc, "type", json_str("deviation"));
	json_set(doc, "action", json_str("record"));
	json_set(doc, "prevented", json_flag(false));
	(void)!journal_append(&m->plan->policy, doc, &e);
	json_free(doc);
}

static void freeze(struct monitor *m)
{
	struct shared *h = m->shared;
	struct err e;

	/* What the engine paused stays so when we let go of it.  Where runc has a freezer of its own (hybrid hosts), it does anyway. */
	if (!h->froze)
		h->paused = cgroup_frozen(&m->plan->cgroup);
	h->froze = true;
	if (cgroup_freeze(&m->plan->cgroup, true, &e) < 0) {
		monitor_journal(m, "error", e.text);
		return;
	}
	/* who waits at the gate must be answered, or it never freezes */
	for (int i = 0; i < 200 && !cgroup_frozen(&m->plan->cgroup); i++) {
		monitor_gate_drain(m);
		usleep(i < 50 ? 200 : 5000);
	}
}

void monitor_stop(struct monitor *m, struct json *doc, pid_t pid, bool kill)
{
	const char *action = kill ? "kill" : "freeze";
	struct shared *h = m->shared;
	struct err e;
	char id[32];

	if (h->action[0] || incident_new_id(id, &e) < 0) {
		json_free(doc); /* the first deviation has the evidence; the rest is its echo */
		return;
	}
	/* What is frozen can be read as well as before, what is dead cannot. */
	if (!kill)
		freeze(m);
	json_set(doc, "id", json_str(id));
	json_set(doc, "action", json_str(action));
	json_set(doc, "state", json_str("open"));
	json_set(doc, "process", evidence_of(pid, m->plan->pid));
	if (incident_save(&m->plan->policy, id, doc, &e) < 0)
		monitor_journal(m, "error", e.text);
	if (kill)
		cgroup_kill(&m->plan->cgroup);
	snprintf(h->incident, sizeof(h->incident), "%s", id);
	snprintf(h->action, sizeof(h->action), "%s", action);
	h->frozen_since = unix_now();
	h->incidents++;
	incident_first(&m->plan->policy, id, m->plan->who.scope, m->plan->who.name);
	incident_prune(&m->plan->policy, id);
	json_set(doc, "type", json_str("incident"));
	json_remove(doc, "process");
	(void)!journal_append(&m->plan->policy, doc, &e);
	json_free(doc);
	monitor_save_state(m);
}

/* Of what the process runs, also when no path leads to it. */
static void digest_running(u32 pid, const struct seen *s, char ret[65])
{
	char path[64];

	snprintf(ret, 65, "%s", s->sha256);
	if (*ret)
		return;
	snprintf(path, sizeof(path), "/proc/%u/exe", pid);
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)digest_file(fd, LAYER_HASHED, ret);
}

static bool made_no_call(const struct monitor *m, const struct execution *x)
{
	struct task now;

	return sensor_task(m->sensor, (pid_t)x->event.tgid, &now) && now.generation == m->row->generation && now.entered == 0;
}

static void on_exec(struct monitor *m, const struct execution *x)
{
	char words[WORDS], sha256[65];
	struct json *doc;

	learn_name(m, x);
	if (x->event.verdict && (x->stopped || x->opened))
		repeat_pass(m, x->opened);
	if (!(x->event.verdict & VERDICT_EXEC) || (x->opened && !m->row->proving))
		return;
	if (!x->stopped && !repeat_is_first(m, &x->event, x->event.program, (u64)x->event.verdict << 32))
		return;
	const struct seen *s = document_seen(m, x->event.program);
	const char *slash = strrchr(s->path, '/');
	bool renamed = slash && strcmp(s->name, slash + 1) != 0;
	snprintf(words, sizeof(words), "a process executed %.500s%s%.256s, which this workload was never seen to execute%s",
		 *s->path ? s->path : "a program without a path, as one in memory is", renamed ? " as " : "",
		 renamed ? s->name : "", s->session ? " in an exec session" : "");
	digest_running(x->event.tgid, s, sha256);
	doc = document_exec(m, x, sha256, s->layer == LAYER_OWN, words);
	if (!x->stopped) {
		write_record(m, doc);
		return;
	}
	/* Stopped between exec and its first instruction; but another process may have let it go on (SIGCONT) before
	 * all were frozen, and then it is no more than stopped. */
	if (!(m->row->kill & VERDICT_EXEC))
		freeze(m);
	json_set(doc, "prevented", json_flag(made_no_call(m, x)));
	monitor_stop(m, doc, (pid_t)x->event.tgid, m->row->kill & VERDICT_EXEC);
}

static void amend(struct monitor *m, const struct deviation *d)
{
	struct amendment *a = calloc(1, sizeof(*a));

	if (!a)
		return;
	a->local = d->event.program % GRAM_PROGRAMS;
	a->window = d->window;
	a->acting = d->acting;
	a->next = m->amendments;
	m->amendments = a;
}

static bool is_first(struct monitor *m, const struct deviation *d)
{
	u64 call = (u64)d->event.abi << 32 | d->event.call;

	return repeat_is_first(m, &d->event, told_gram_of(d->event.verdict, call, d->event.program, d->window),
			       told_acting_of(d->event.verdict, d->acting));
}

static void on_deviation(struct monitor *m, const struct deviation *d)
{
	bool fixed = d->event.verdict & (VERDICT_FLOOR | VERDICT_ABI | VERDICT_LEFT);
	bool open = m->row->open[d->event.program % GRAM_PROGRAMS];
	char words[WORDS];
	struct json *doc;

	if (!fixed && m->row->mode == SENSE_JUDGE && (open || m->row->proving))
		amend(m, d);
	if (d->stopped || (open && !fixed) || m->row->proving)
		repeat_pass(m, !d->stopped);
	if ((open && !fixed) || (!d->stopped && !is_first(m, d)))
		return;
	document_words(m, d, words);
	doc = document_call(m, d, words);
	if (!d->stopped) {
		write_record(m, doc);
		return;
	}
	json_set(doc, "prevented", json_flag(false));
	monitor_stop(m, doc, (pid_t)d->event.tgid, m->row->kill & d->event.verdict);
}

void monitor_refused(struct monitor *m, const struct refusal *r)
{
	struct execution x = { .event = { .verdict = VERDICT_EXEC, .tgid = (u32)r->pid, .tid = (u32)r->pid } };
	const char *base = strrchr(r->path, '/');
	char words[WORDS];
	struct json *doc, *o;
	struct task task;

	if (sensor_task(m->sensor, r->pid, &task)) {
		x.event.program = task.thread.program;
		x.calls = task.calls;
		for (u32 i = 0; i < HISTORY; i++)
			x.history[i] = task.history[(task.calls + i) % HISTORY];
	}
	const struct seen *by = document_seen(m, x.event.program);
	snprintf(words, sizeof(words), "%.400s was about to execute %.400s, which %s; the gate refused it", by->used ? by->path : "a process",
		 r->path, knows_path(m->profile, r->path) ? "is not what was learned by that name: it was written or changed in the "
		 "container" : "this workload was never seen to execute");
	doc = document_exec(m, &x, r->sha256, r->upper, words);
	o = json_get(doc, "executed");
	json_set(o, "path", json_str(r->path));
	json_set(o, "name", json_str(base ? base + 1 : r->path));
	json_set(doc, "prevented", json_flag(true));
	monitor_stop(m, doc, r->pid, m->row->kill & VERDICT_EXEC);
}

/* The sensor condemned the container, and nothing told us why: the event found no room. */
void monitor_missed_stop(struct monitor *m)
{
	static const char words[] = "the sensor stopped the container; what for was lost among too many other events";
	struct json *doc = document_begin(m, VERDICT_BLIND, (u32)m->plan->pid, (u32)m->plan->pid);

	json_set(doc, "known", json_new(JSON_ARRAY));
	json_set(doc, "unseen", json_new(JSON_ARRAY));
	json_set(doc, "calls", json_new(JSON_ARRAY));
	json_set(doc, "grams", json_new(JSON_ARRAY));
	json_set(doc, "words", json_str(words));
	json_set(doc, "prevented", json_flag(false));
	monitor_stop(m, doc, m->plan->pid, false);
}

void monitor_event(void *ctx, const struct event *ev, size_t size)
{
	struct monitor *m = ctx;

	if (ev->kind == EVENT_EXEC && size >= sizeof(struct execution))
		on_exec(m, (const struct execution *)ev);
	else if (ev->kind == EVENT_DEVIATION && size >= sizeof(struct deviation))
		on_deviation(m, (const struct deviation *)ev);
	if (m->recorder && m->row->trace)
		recorder_event(m->recorder, m, ev);
}
