/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * monitor.h - one container's keeper and monitor.
 *
 * The keeper attaches, holds every descriptor and restarts the monitor; the monitor learns from the sensor's
 * tables, follows the profile's life, and acts on verdicts.  What must survive a monitor lies in
 * `struct shared`, memory that both have mapped.
 */
#ifndef THYMUS_MONITOR_H
#define THYMUS_MONITOR_H

#include "layer.h"
#include "plan.h"
#include "profile.h"
#include "sensor.h"

#define MONITOR_RING (1u << 20)
#define TRACE_RING   (32u << 20)

/* A program that ran, by local index: what the sensor cannot keep. */
struct seen {
	char path[512];
	char name[NAME_BYTES];
	char sha256[65]; /* of its content, where that tells more than the image's digest; else "" */
	enum layer_kind layer; /* where it lay */
	bool session;
	bool used;
};

/* A deviation that was told, and that may repeat: repeat.h. */
struct repeat {
	u64 gram, acting;  /* what makes it equal to another */
	struct event event; /* the first; kind 0: free */
	u64 first;         /* unix */
	u64 kernel;        /* what the sensor's own count was when it was last asked */
	u32 count;         /* not yet written */
	u32 idle;          /* intervals without one */
};
enum { REPEATS = 256 };

struct shared {
	struct repeat repeat[REPEATS];
	u64  repeat_since, repeat_total; /* of the running interval: unix, and deviations before it */
	u64  repeat_known; /* deviations of the interval that have a line or an entry */
	bool repeat_learned; /* ... and some were learned instead */
	struct seen seen[GRAM_PROGRAMS];
	u32  contributor; /* our id in the profile */
	u64  started;     /* unix seconds */
	u64  incidents;
	u64  proved;      /* clean seconds not yet in the profile */
	u64  recorded;    /* calls in the trace */
	u64  verdicts, verdict_hash; /* of the stream that the trace's replay gives too */
	char incident[32]; /* that stopped the container, "" none */
	char action[16];   /* "freeze", "kill", "" */
	u64  frozen_since;
	bool froze;       /* we did, since the last release ... */
	bool paused;      /* ... and the engine had done so before */
	bool stopping;     /* the container's end has begun */
};

/* An amendment that waits for the next tick: a program, or n-grams under it. */
struct amendment {
	u32 local;
	u64 window, acting;
	u32 depth, acting_depth;
	struct amendment *next;
};

/* An exec that the gate refused and that is not yet told. */
struct refusal {
	pid_t pid; /* 0: none */
	bool  upper;
	char  sha256[65];
	char  path[4096];
};

struct monitor {
	const struct plan *plan;
	struct shared *shared;
	struct sensor *sensor;
	struct tenant *tenant;
	struct container *row;
	struct profile *profile;  /* what is judged by; NULL while learning */
	struct amendment *amendments;
	pid_t keeper;
	struct recorder *recorder; /* of a trace, or NULL */
	enum slot_kind kind; /* that the slot was claimed for */
	u32  ring;      /* bytes of its ring */
	u32  slot;      /* that was left, or CONTAINERS */
	struct slot left; /* as it was then */
	int  root;      /* O_PATH of the container's root */
	int  mounts;    /* its mount namespace: else what is mounted there goes with its last process, and paths lead to what lies beneath */
	struct layer layer; /* what of it is the container's own */
	int  pidfd;     /* of init */
	int  wake;      /* FIFO that commands poke, -1 */
	int  gate;      /* fanotify group, -1 */
	char gate_why_not[128];
	enum mode asked;
	char mode[16];  /* in force: off learn monitor enforce */
	char words[512];
	char fault[256]; /* the error that was told last */
	char tiers[16];
	u64  profile_stamp; /* of the file we last read */
	u64  taught_calls;
	struct refusal refused;
	struct allowed *allowed; /* files that the gate lets pass */
	size_t nallowed;
	struct program_key *readmitted; /* NULL: none; by profile index: the file that was let in by its content last */
};

/* attach.c: put the sensor on the container.  On success the kernel has begun. */
must_check int monitor_attach(struct monitor *m, struct err *e);
void monitor_leave(struct monitor *m); /* nothing is a member any more, nothing of ours is open but the sensor */
void monitor_empty(struct monitor *m); /* what of the end takes time */
void monitor_prepare(struct monitor *m); /* a slot for the next container of this kind */

/* judge.c: what profile and policy say now ... */
struct decision {
	struct profile *profile; /* NULL: there is none */
	enum mode mode;
	enum slot_kind kind;     /* what the sensor needs for it */
	u64 stamp;               /* of the profile's file */
};
must_check int monitor_decide(struct monitor *m, struct decision *ret, struct err *e);

/* ... and mode, model and gate brought to it: takes the profile.  monitor_apply() does both. */
must_check int monitor_enact(struct monitor *m, struct decision *d, struct err *e);
must_check int monitor_apply(struct monitor *m, struct err *e);

/* late.c: the rest of it for a container that runs already; it is never enforced.  Takes the decision's profile. */
must_check int monitor_adopt(struct monitor *m, struct decision *d, struct err *e);
bool monitor_open_programs(struct monitor *m); /* expire what was allowed for a while; true: something still is */

/* teach.c */
must_check int monitor_teach(struct monitor *m, bool stopped, struct err *e);
must_check int monitor_amend(struct monitor *m, struct err *e);
void monitor_follow(struct monitor *m); /* learning -> proving -> ready */

/* report.c: verdicts become journal lines or incidents, and actions. */
void monitor_event(void *ctx, const struct event *ev, size_t size);
void monitor_stop(struct monitor *m, struct json *incident, pid_t pid, bool kill);
void monitor_missed_stop(struct monitor *m);
void monitor_journal(struct monitor *m, const char *type, const char *words);
void monitor_complain(struct monitor *m, const char *words); /* an error, once while it stays the same: a full disk is full each time */

void monitor_refused(struct monitor *m, const struct refusal *r);

/* What the kernel says of the files open as `fd[]` is what it will say when program `index[]` executes them. */
must_check int monitor_know(struct monitor *m, const int *fd, const u32 *index, u32 count, struct err *e);

/* A program that runs already, open as `fd`: its local index, and the number of its inode. */
must_check int monitor_meet(struct monitor *m, const struct program *g, int fd, u32 *local, u64 *inode, struct err *e);

/* The same for a file that takes the place of the one before it, as one that is made anew each time. */
must_check int monitor_replace(struct monitor *m, int fd, u32 index, struct err *e);

/* gate.c */
void monitor_gate_fill(struct monitor *m);
void monitor_gate_drain(struct monitor *m);

/* An image without a digest is known by a fingerprint of a part of it: there, and in the container's own layer, a
 * program is its content. */
bool monitor_by_content(const struct monitor *m);

/* Is the file open as `fd` what program `g` was learned as?  From the image, or by its content, which is then in
 * `sha256` where layer_of() would tell it. */
bool monitor_unchanged(const struct monitor *m, const struct program *g, int fd, char sha256[65]);

/* loop.c: until the container has ended (0), or a fault (1: the keeper starts another). */
int monitor_run(struct monitor *m);
void monitor_save_state(struct monitor *m);
must_check int monitor_store_state(struct monitor *m, struct err *e); /* the same for who must know */

/* keeper.c: fork the keeper; wait until it is attached.  0, or its sentence in `e`. */
must_check int keeper_start(const struct plan *plan, struct err *e);

u64 unix_now(void);

#endif
