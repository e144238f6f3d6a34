/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event.h - what the BPF sensor and the monitor share: the container table and the events.
 * Fixed-width types only.
 */
#ifndef THYMUS_EVENT_H
#define THYMUS_EVENT_H

#include "bucket.h"
#include "judge.h"

#define CONTAINERS    512
#define HISTORY       64  /* calls of a thread kept as evidence */
#define PATH_BYTES    1024
#define NAME_BYTES    256

enum { SENSE_LEARN = 1, SENSE_JUDGE = 2 };
enum { SET_SMALL, SET_MIDDLE, SET_LARGE };

/* What a slot is for, and so which maps it needs: learning, or judging by a set of a size. */
enum slot_kind { KIND_NONE, KIND_LEARN, KIND_SMALL, KIND_MIDDLE, KIND_LARGE };

/* A slot's life.  PREPARING, ATTACHING and EMPTYING have an owner at work: if that is dead, the slot is free. */
enum slot_state { SLOT_FREE, SLOT_PREPARING, SLOT_READY, SLOT_ATTACHING, SLOT_USED, SLOT_EMPTYING };

/* A slot of the container table, of user space alone.  Other builds read `state`, so it stays the first. */
struct slot {
	u32 state;
	u32 kind;  /* PREPARING, READY: what for; afterwards: KIND_NONE as soon as its set is taken into use */
	u32 ring;  /* bytes */
	u32 owner; /* pid, and the time it started as /proc says it */
	u64 owner_since;
};

/* How every row begins.  After an upgrade thymus works the switches of containers that an older sensor watches, so this
 * never changes its form; what is new goes behind it, or into the rest of the row. */
struct switches {
	u32 generation, mode, act, kill, session_act, condemned, init, asked, answered;
};

/* One row of the container table: written by the keeper and monitor through mmap, read (and its
 * counters and tables for learning written) by the sensor. */
struct container {
	u32 generation; /* changes whenever the slot gets a new tenant; 0: free */
	u32 mode;       /* SENSE_*; 0: seen, neither learned nor judged */
	u32 act;        /* verdict bits that condemn the container */
	u32 kill;       /* ... and of these, which kill instead of stopping */
	u32 session_act; /* the same mask for exec sessions */
	u32 condemned;  /* every task's next call stops it */
	u32 init;       /* tgid of the entry, in the initial pid namespace */
	u32 asked, answered; /* a person's release waits until the monitor has caught up: answered == asked */
	u32 order;
	u32 set, model; /* size class and index of the model */
	u32 trace;      /* emit every call */
	u32 proving;    /* what is new is told in full: it extends the profile */
	u32 mntns;      /* inode number of the container's mount namespace */
	u64 cgroup;     /* id of its cgroup in `hierarchy` */
	u32 hierarchy;
	u32 started;    /* the entry's first instruction is behind us */
	u64 epoch;      /* CLOCK_MONOTONIC ns that seconds count from */
	struct weights weights;
	u64 lost;       /* events that found no room */
	u64 full;       /* n-grams or programs that found no room */
	u64 deviations; /* calls with a verdict */
	u64 floor;      /* floor events */
	u64 reloads;    /* SIGHUP handled by the entry */
	u64 stops;      /* times a verdict condemned it */
	u64 news;       /* n-grams that were new, or had by a second second for the first time, while learning */
	u32 told_second; /* in it ... */
	u32 told[4];     /* ... so many deviations of each tier were told */
	u32 programs;   /* local indices given out; [0] is nobody */
	s32 score_max;  /* highest graded score that any thread had while judged */
	u16 profile_program[GRAM_PROGRAMS]; /* local index -> index in the profile; 0: unknown */
	u8  open[GRAM_PROGRAMS];            /* by local index: allowed for now, not judged */
	u32 second[GRAM_PROGRAMS];          /* last second in which it ran */
	u32 seconds[GRAM_PROGRAMS];         /* in how many it ran */
	u8  classes[512];                   /* CALL_* by native number */
};
#define SAME_PLACE(field) _Static_assert(__builtin_offsetof(struct container, field) == \
					 __builtin_offsetof(struct switches, field), #field)
SAME_PLACE(generation);
SAME_PLACE(mode);
SAME_PLACE(act);
SAME_PLACE(kill);
SAME_PLACE(session_act);
SAME_PLACE(condemned);
SAME_PLACE(init);
SAME_PLACE(asked);
SAME_PLACE(answered);

/* Where a call was made, and with what: an execution of one instruction. */
struct site {
	u64 ip, sp, call, arg[4];
};

/* What a member task carries: its storage. */
struct task {
	struct thread thread;
	u32 slot, generation;
	struct site site; /* of the last call, to know one that the kernel restarted */
	u64 lost;    /* events of this thread that found no room since the last that did */
	u32 calls;   /* ever; history is a ring */
	u32 entered; /* calls of any kind since the last exec */
	u16 history[HISTORY]; /* tokens */
};

/* Executables known in one container: the kernel's identity of a file and the name it was run by. */
struct program_key {
	u32 slot, generation;
	u64 inode;
	u64 ctime; /* ns */
	u64 size;
	u32 device;
	u32 inode_generation;
	u32 name;    /* FNV-1a of the name */
	u32 session;
};

/* A process that ran before its container was watched: what it executes, by our index, if it still is that file. */
struct adoption {
	u32 slot, program;
	u64 inode;
};

/* What the task iterator writes for each thread of such processes that is no member yet. */
struct adopted_row {
	u32 tid, joined; /* 0: it executes something else by now */
};

/* What the task_file iterator writes for each descriptor of each process. */
struct identity_row {
	u32 fd, tgid;
	struct program_key key; /* of the file; slot, generation, name and session are 0 */
};

/* What makes deviations equal: the sensor tells the first, and counts the others. */
struct told_key { u32 slot, generation; u64 gram, acting; };

#define TOLD_A_SECOND   16   /* of each tier: a flood must not cost more than being counted */
#define TAUGHT_A_SECOND 2000 /* where what is new is learned */

enum event_kind { EVENT_CALL = 1, EVENT_DEVIATION, EVENT_EXEC, EVENT_FORK, EVENT_SIGNAL, EVENT_EXIT, EVENT_LOST };

struct event {
	u64 when;    /* CLOCK_MONOTONIC, ns */
	u32 kind;
	u32 tid, tgid; /* in the initial pid namespace */
	u32 call;    /* number; FORK: child's tid; LOST: how many */
	u32 abi;     /* enum abi; FORK: child's tgid; SIGNAL: number */
	u32 verdict;
	u32 program; /* local index */
	u32 flags;   /* THREAD_* of the thread */
};

struct deviation {
	struct event event;
	u64 window, acting; /* with the call */
	u32 depth, acting_depth;
	u32 calls;          /* how many of `history` are filled */
	u32 stopped;        /* the sensor condemned the container for it */
	u16 history[HISTORY]; /* tokens, oldest first */
};

static inline u64 told_gram_of(u32 verdict, u64 call_abi, u32 program, u64 window)
{
	return verdict & (VERDICT_FLOOR | VERDICT_ABI) ? call_abi : gram_key(program, gram_last(window, 3));
}

static inline u64 told_acting_of(u32 verdict, u64 acting)
{
	return (u64)verdict << 32 | (u32)gram_last(acting, 3);
}

struct execution {
	struct event event;
	struct program_key key;
	u32 script;  /* `name` is a script's path, the file is its interpreter */
	u32 stopped;
	u32 length;  /* bytes of `path` */
	u32 fresh;   /* this local index was given out just now */
	u32 calls;
	u32 opened;  /* its parent program is allowed for now, and so is this one */
	u16 history[HISTORY]; /* of the thread before it */
	char name[NAME_BYTES];  /* as given to execve */
	char path[PATH_BYTES];  /* components, last first, each with its NUL */
};

#endif
