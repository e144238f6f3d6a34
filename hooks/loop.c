/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.c - the monitor's life: events as they come, and a tick. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "file.h"
#include "monitor.h"
#include "process.h"
#include "process.h"
#include "recorder.h"
#include "repeat.h"
#include "state.h"

enum { TICK_MS = 200, SAVE_TICKS = 5, TEACH_TICKS = 25 };

void monitor_save_state(struct monitor *m)
{
	const struct plan *p = m->plan;
	struct shared *h = m->shared;
	struct err e;
	struct state s = {
		.id = p->id, .root = p->root, .bundle = p->bundle, .scope = p->who.scope, .name = p->who.name,
		.image = p->who.image, .profile = p->profile, .identity = p->who.source, .trail = p->who.trail, .decided = p->decided,
		.predecessor = p->predecessor,
		.asked = policy_mode_name(m->asked), .mode = m->mode, .phase = m->profile ?
		profile_state_name(m->profile->state) : profile_state_name(PROFILE_LEARNING),
		.words = m->words, .tiers = m->tiers, .sensor = "bpf", .gates = m->gate >= 0 ? "exec" : "",
		.incident = h->incident, .action = h->action, .unified = p->cgroup.unified,
		.freezer = p->cgroup.freezer, .pid = (unsigned)p->pid, .keeper = (unsigned)m->keeper,
		.monitor = getpid() == m->keeper ? 0 : (unsigned)getpid(), .keeper_start = process_start(m->keeper),
		.monitor_start = getpid() == m->keeper ? 0 : process_start(getpid()),
		.mntns = m->row->mntns, .waiting = !m->row->started, .late = p->late, .slot = tenant_slot(m->tenant), .started = h->started,
		.frozen_since = h->frozen_since, .paused = h->paused, .calls = sensor_calls(m->sensor, tenant_slot(m->tenant)),
		.lost = m->row->lost + m->row->full, .deviations = m->row->deviations, .incidents = h->incidents,
		.grams = m->profile ? model_count(m->profile->model) : 0, .programs = m->row->programs - 1,
		.seconds = unix_now() - h->started, .verdicts = h->verdicts, .verdict_hash = h->verdict_hash,
	};

	/* the folder may be gone: poststop was quicker */
	if (state_save(p->state, &s, &e) < 0 && e.text[0] && access(p->state, F_OK) == 0)
		monitor_journal(m, "error", e.text);
}

static void follow_files(struct monitor *m)
{
	struct err e;

	/* while learning the file changes with each lesson; what matters is its state, which apply reads */
	if (file_stamp(m->plan->profile) == m->profile_stamp && plan_mode(m->plan) == m->asked)
		return;
	if (monitor_apply(m, &e) < 0) {
		snprintf(m->words, sizeof(m->words), "%s", e.text);
		monitor_journal(m, "error", e.text);
		m->asked = plan_mode(m->plan);
		m->profile_stamp = file_stamp(m->plan->profile);
	}
}

/* A person releases it and waits for us: what was allowed is in force by now, and the next
 * deviation is a new incident. */
static void release(struct monitor *m, u32 asked)
{
	m->shared->action[0] = '\0';
	m->shared->incident[0] = '\0';
	m->shared->frozen_since = 0;
	m->shared->froze = m->shared->paused = false;
	m->row->condemned = 0;
	monitor_save_state(m);
	__atomic_store_n(&m->row->answered, asked, __ATOMIC_SEQ_CST);
}

static void drain(struct monitor *m)
{
	tenant_drain(m->tenant, monitor_event, m);
}

/* A v1 freezer holds back SIGKILL, too: a container that its engine kills must end.  Not every runtime thaws for that. */
static void let_die(struct monitor *m)
{
	struct err e;

	if (m->shared->action[0] && !m->plan->cgroup.unified[0] && cgroup_frozen(&m->plan->cgroup) &&
	    process_is_killed(m->plan->pid) && cgroup_freeze(&m->plan->cgroup, false, &e) < 0)
		monitor_journal(m, "error", e.text);
}

static void tick(struct monitor *m, u64 ticks)
{
	u32 asked = __atomic_load_n(&m->row->asked, __ATOMIC_SEQ_CST);
	struct err e;

	if (monitor_amend(m, &e) < 0)
		monitor_journal(m, "error", e.text);
	follow_files(m);
	monitor_open_programs(m);
	if (asked != m->row->answered)
		release(m, asked);
	let_die(m);
	repeat_write(m, false);
	if (m->row->condemned && !m->shared->action[0]) {
		drain(m);
		if (!m->shared->action[0])
			monitor_missed_stop(m);
	}
	if (m->recorder)
		recorder_flush(m->recorder);
	if (ticks % SAVE_TICKS == 0) {
		if (m->row->mode == SENSE_JUDGE && m->row->started)
			m->shared->proved++;
		monitor_save_state(m);
	}
	if (ticks % TEACH_TICKS == 0) {
		u64 calls = sensor_calls(m->sensor, tenant_slot(m->tenant));

		if (calls != m->taught_calls && monitor_teach(m, false, &e) < 0)
			monitor_journal(m, "error", e.text);
		m->taught_calls = calls;
		monitor_follow(m);
	}
}

/* Nothing will come any more: teach the whole life. */
static void finish(struct monitor *m)
{
	struct err e;

	drain(m);
	repeat_write(m, true);
	if (monitor_amend(m, &e) < 0 || monitor_teach(m, true, &e) < 0)
		monitor_journal(m, "error", e.text);
	monitor_follow(m);
	if (m->recorder) {
		char words[128];

		recorder_end(m->recorder, m->row->lost);
		snprintf(words, sizeof(words), "%llu calls, %llu deviations, hash %016llx", (unsigned long long)m->shared->recorded,
			 (unsigned long long)m->shared->verdicts, (unsigned long long)m->shared->verdict_hash);
		monitor_journal(m, "trace", words);
	}
}

static int watch(int epoll, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return fd < 0 ? 0 : epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
}

static int make_timer(void)
{
	struct itimerspec each = { { 0, TICK_MS * 1000000 }, { 0, TICK_MS * 1000000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		timerfd_settime(fd, 0, &each, NULL);
	return fd;
}

static int make_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int monitor_run(struct monitor *m)
{
	auto_of(fd) int epoll = epoll_create1(EPOLL_CLOEXEC), timer = make_timer(), signals = make_signals();
	struct epoll_event ev[8];
	bool entry_ended = false;
	u64 ticks = 0, n;
	int gate = -1;

	if (epoll < 0 || timer < 0 || signals < 0 || watch(epoll, timer) < 0 || watch(epoll, signals) < 0 ||
	    watch(epoll, m->pidfd) < 0 || watch(epoll, tenant_fd(m->tenant)) < 0)
		return 1;
	monitor_save_state(m);
	for (bool ended = false; !ended;) {
		if (gate != m->gate && watch(epoll, m->gate) == 0)
			gate = m->gate; /* a closed one leaves the set by itself */
		int got = epoll_wait(epoll, ev, 8, -1);

		for (int i = 0; i < got; i++) {
			if (ev[i].data.fd == m->gate)
				monitor_gate_drain(m);
			else if (ev[i].data.fd == signals)
				ended = true;
			else if (ev[i].data.fd == m->pidfd)
				entry_ended = epoll_ctl(epoll, EPOLL_CTL_DEL, m->pidfd, NULL) == 0;
			else if (ev[i].data.fd == timer && !ended && read(timer, &n, sizeof(n)) == sizeof(n))
				tick(m, ++ticks);
			else
				drain(m);
		}
		/* without a PID namespace of its own, what the entry started outlives it */
		ended = ended || (entry_ended && cgroup_empty(&m->plan->cgroup));
	}
	finish(m);
	return 0;
}
