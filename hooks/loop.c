/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.c - the monitor's life: events as they come, and a tick. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "monitor.h"
#include "process.h"
#include "recorder.h"
#include "repeat.h"
#include "state.h"

/* Events wake us by themselves, and whoever changes what we follow pokes the container's `wake`: a tick only looks after what
 * nobody tells.  Often for a while after something happened, then seldom: 300 idle containers cost nothing. */
enum { TICK_MS = 200, OPEN_MS = 1000, IDLE_MS = 5000, BUSY_MS = 2000, TEACH_MS = 5000, TEACH_MOST_MS = 40000, CALM_LESSONS = 3 };

struct pace {
	u64 event;    /* when the last one came; all in ms, CLOCK_MONOTONIC */
	u64 lesson;   /* when the next one is due */
	u64 calm;     /* lessons in a row that had nothing new */
	u64 news;     /* of the sensor, at the last lesson */
	u64 second;   /* unix, of the last tick */
	u64 saved;    /* hash of what state.json says, but for what `status` asks the sensor for */
	bool open;    /* a program is allowed for a while */
	bool leaving; /* the entry has ended, others of its cgroup have not */
};

static u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000u + (u64)t.tv_nsec / 1000000u;
}

int monitor_store_state(struct monitor *m, struct err *e)
{
	const struct plan *p = m->plan;
	struct shared *h = m->shared;
	struct state s = {
		.id = p->id, .root = p->root, .bundle = p->bundle, .scope = p->who.scope, .name = p->who.name,
		.image = p->who.image, .profile = p->profile, .identity = p->who.source, .trail = p->who.trail, .decided = p->decided,
		.predecessor = p->predecessor,
		.asked = policy_mode_name(p->asked), .mode = m->mode, .phase = m->profile ?
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

	return state_save(p->state, &s, e);
}

void monitor_save_state(struct monitor *m)
{
	struct err e;

	/* the folder may be gone: poststop was quicker */
	if (monitor_store_state(m, &e) < 0 && e.text[0] && access(m->plan->state, F_OK) == 0)
		monitor_complain(m, e.text);
}

static u64 hash_more(u64 h, const void *from, size_t len)
{
	for (const unsigned char *c = from; len > 0; c++, len--)
		h = (h ^ *c) * 0x100000001b3ULL;
	return h;
}

static void save_news(struct monitor *m, struct pace *pace)
{
	const struct shared *s = m->shared;
	u64 numbers[] = { (u64)m->asked, m->row->started, m->row->lost, m->row->full, m->row->deviations, s->verdicts,
			  s->frozen_since, s->incidents, m->profile ? (u64)m->profile->state + 1 : 0, m->profile_stamp };
	u64 h = hash_more(0xcbf29ce484222325ULL, numbers, sizeof(numbers));

	h = hash_more(h, m->mode, strlen(m->mode));
	h = hash_more(h, m->words, strlen(m->words));
	h = hash_more(h, m->tiers, strlen(m->tiers));
	if (h == pace->saved)
		return;
	pace->saved = h;
	monitor_save_state(m);
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

static bool learned_enough(const struct monitor *m)
{
	return m->row->mode != SENSE_LEARN && !m->row->proving;
}

static void lesson(struct monitor *m, struct pace *pace, u64 now)
{
	u64 calls = sensor_calls(m->sensor, tenant_slot(m->tenant)), wait = TEACH_MS;
	struct err e;

	pace->calm = m->row->news == pace->news ? pace->calm + 1 : 0;
	pace->news = m->row->news;
	for (u64 i = CALM_LESSONS; i < pace->calm && wait < TEACH_MOST_MS && !m->row->proving; i++)
		wait *= 2;
	pace->lesson = now + wait;
	if (calls != m->taught_calls && monitor_teach(m, false, &e) < 0) {
		monitor_complain(m, e.text);
		snprintf(m->words, sizeof(m->words), "%s", e.text);
	} else if (calls != m->taught_calls) {
		m->fault[0] = '\0';
	}
	if (calls != m->taught_calls || m->row->proving)
		monitor_follow(m);
	m->taught_calls = calls;
#ifdef __GLIBC__
	malloc_trim(0); /* a profile in memory is many small pieces; musl gives them back by itself */
#endif
}

static void record_on(struct monitor *m)
{
	recorder_flush(m->recorder);
	const char *why = recorder_ended(m->recorder);
	if (!why)
		return;
	monitor_journal(m, "trace", why);
	m->row->trace = false; /* the sensor need not tell every call any more */
}

static void tick(struct monitor *m, struct pace *pace, u64 now)
{
	u32 asked = __atomic_load_n(&m->row->asked, __ATOMIC_SEQ_CST);
	u64 second = unix_now();
	struct err e;

	if (monitor_amend(m, &e) < 0)
		monitor_journal(m, "error", e.text);
	follow_files(m);
	pace->open = monitor_open_programs(m);
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
		record_on(m);
	if (m->row->mode == SENSE_JUDGE && m->row->started && second > pace->second)
		m->shared->proved += second - pace->second;
	pace->second = second;
	if (now >= pace->lesson && !learned_enough(m)) {
		lesson(m, pace, now);
		follow_files(m); /* it may have brought the profile on, and the next tick is seconds away */
	}
	save_news(m, pace);
}

/* Until the next tick. */
static u64 rest(const struct monitor *m, const struct pace *pace, u64 now)
{
	bool frozen_v1 = m->shared->action[0] && !m->plan->cgroup.unified[0]; /* nobody tells that it is killed */

	if (m->recorder || pace->leaving || frozen_v1 || now < pace->event + BUSY_MS)
		return TICK_MS;
	return pace->open ? OPEN_MS : IDLE_MS;
}

/* Nothing will come any more: teach the whole life. */
static void finish(struct monitor *m)
{
	struct err e;

	drain(m);
	repeat_write(m, true);
	if (monitor_amend(m, &e) < 0 || monitor_teach(m, true, &e) < 0)
		monitor_complain(m, e.text);
	monitor_follow(m);
	bool recording = m->recorder && m->row->trace; /* also the monitor before us may have cut it */
	if (recording)
		recorder_end(m->recorder, m->row->lost);
	if (recording && !recorder_is_whole(m->recorder)) {
		record_on(m);
	} else if (recording) {
		char words[128];

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

static int make_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void rouse(int wake)
{
	char much[256];

	while (read(wake, much, sizeof(much)) == (ssize_t)sizeof(much))
		;
}

int monitor_run(struct monitor *m)
{
	auto_of(fd) int epoll = epoll_create1(EPOLL_CLOEXEC), signals = make_signals();
	struct pace pace = { .event = now_ms(), .lesson = now_ms() + TEACH_MS, .second = unix_now() };
	u64 due = pace.event + TICK_MS;
	struct epoll_event ev[8];
	int gate = -1;

	if (epoll < 0 || signals < 0 || watch(epoll, signals) < 0 || watch(epoll, m->pidfd) < 0 || watch(epoll, m->wake) < 0 ||
	    watch(epoll, tenant_fd(m->tenant)) < 0)
		return 1;
	monitor_save_state(m);
	for (bool ended = false; !ended;) {
		if (gate != m->gate && watch(epoll, m->gate) == 0)
			gate = m->gate; /* a closed one leaves the set by itself */
		u64 now = now_ms();
		int got = epoll_wait(epoll, ev, 8, due > now ? (int)(due - now) : 0);

		for (int i = 0; i < got; i++) {
			if (ev[i].data.fd == m->gate) {
				monitor_gate_drain(m);
			} else if (ev[i].data.fd == signals) {
				ended = true;
			} else if (ev[i].data.fd == m->pidfd) {
				pace.leaving = epoll_ctl(epoll, EPOLL_CTL_DEL, m->pidfd, NULL) == 0;
			} else if (ev[i].data.fd == m->wake) {
				rouse(m->wake);
				pace.saved = 0; /* the `status` of another build asks by it */
			} else {
				drain(m);
			}
		}
		now = now_ms();
		if (got > 0) {
			pace.event = now;
			due = due < now + TICK_MS ? due : now + TICK_MS;
			for (int i = 0; i < got; i++)
				due = ev[i].data.fd == m->wake ? now : due;
		}
		/* without a PID namespace of its own, what the entry started outlives it */
		ended = ended || (pace.leaving && cgroup_empty(&m->plan->cgroup));
		if (!ended && now >= due) {
			tick(m, &pace, now);
			due = now + rest(m, &pace, now);
		}
	}
	finish(m);
	return 0;
}
