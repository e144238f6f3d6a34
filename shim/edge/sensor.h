/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor.h - the BPF sensor: one set of pinned programs for all containers of a host.
 *
 * sensor_open() loads and pins what is not there yet, else takes what is; the pins' folder is named
 * after the object, so that an upgrade never touches the programs of running containers.
 * sensor_claim() gives a container its row of the table, its ring and its model; from then on
 * the kernel learns or judges by itself and goes on when every process of ours is dead.
 */
#ifndef THYMUS_SENSOR_H
#define THYMUS_SENSOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"
#include "event.h"
#include "model.h"

#define SENSOR_MOUNT "thymus" /* source of a bpffs that we had to mount: ours to unmount, see sensor_builds.h */

struct sensor; /* the programs and maps */
struct tenant; /* one container's place among them */

/* `pins`: folder on a bpffs (mounted at /sys/fs/bpf if nothing is); `lock`: a file to lock while
 * loading.  `load` false: only if it is loaded already (-ENOENT otherwise). */
must_check int sensor_open(const char *pins, const char *lock, bool load, struct sensor **ret, struct err *e);
void sensor_close(struct sensor *s);

/* The name of this build's folder of pins. */
const char *sensor_build(void);

/* The row of a slot, for the life of `s`. */
struct container *sensor_row(struct sensor *s, u32 slot);

/* Calls seen in a slot. */
u64 sensor_calls(struct sensor *s, u32 slot);

/* What the sensor keeps of a process' first thread; false: it is no member. */
bool sensor_task(struct sensor *s, pid_t pid, struct task *ret);

/* Claim a slot for what `kind` says: one that lies ready, else one whose maps must be made and handed to the kernel, which
 * takes tens of milliseconds.  `ring`: bytes for events, a power of two of at least a page.  The row comes zeroed but for
 * generation, epoch and program 0. */
must_check int sensor_claim(struct sensor *s, enum slot_kind kind, u32 ring, struct tenant **ret, struct err *e);

/* Make a slot ready for the next claim of this kind, unless one is. */
must_check int sensor_prepare(struct sensor *s, enum slot_kind kind, u32 ring, struct err *e);

/* The kind that judging by `m` needs. */
enum slot_kind sensor_kind_for(const struct model *m);

u32 tenant_slot(const struct tenant *t);
struct container *tenant_row(struct tenant *t);
void tenant_free(struct tenant *t); /* our descriptors only: the kernel keeps the place */

/* Give the slot back: members are none any more, at once.  What then takes time, emptying it, may be another process' work:
 * n-grams and programs are dropped, and the last one detaches the programs from the kernel. */
void sensor_leave(struct sensor *s, u32 slot, struct slot *left);
void sensor_empty(struct sensor *s, u32 slot, const struct slot *left);

/* Members: tasks that join the cgroup become exec sessions; `tgid` becomes the entry at its next
 * exec inside the mount namespace of the row. */
must_check int tenant_watch_cgroup(struct tenant *t, u64 cgroup, u32 hierarchy, struct err *e);
must_check int tenant_expect(struct tenant *t, u32 tgid, struct err *e);

/* A container that runs already.  tenant_mark(): process `tgid` executes the program `program` (a local index), a file with
 * this inode number.  tenant_adopt(): the threads of those marked become members with an empty window; `missing`: how many
 * were none before.  The marks are gone then.  All are members once a listing of the processes leaves none missing: what
 * members clone are members. */
must_check int tenant_mark(struct tenant *t, u32 tgid, u32 program, u64 inode, struct err *e);
must_check int tenant_adopt(struct tenant *t, u32 *missing, struct err *e);

/* All of it is in place: from now on the slot is the container's, whether its keeper lives or not. */
void tenant_settle(struct tenant *t);

/* An empty model to learn into, with owners. */
must_check int tenant_learn(struct tenant *t, struct err *e);

/* Walk the learned n-grams: `second` 1.., `many` when more than one second has it. */
void tenant_learned(struct tenant *t, void (*take)(void *ctx, u64 key, u32 second, bool many), void *ctx);

/* Judge by `m`: builds the smallest set that holds it (-ENOSPC: none does) and swaps it in. */
must_check int tenant_judge(struct tenant *t, const struct model *m, struct err *e);

/* Identity of open files as the kernel sees it: rows for descriptors of this process. */
must_check int sensor_identify(struct sensor *s, void (*take)(void *ctx, u32 fd, const struct program_key *key),
			       void *ctx, struct err *e);

/* Know a program: its key (slot and generation are filled in) -> local index.  A key that is known
 * already keeps its index. */
must_check int tenant_know(struct tenant *t, const struct program_key *key, u32 local, struct err *e);

void tenant_forget(struct tenant *t, const struct program_key *key);

/* How many equal deviations the sensor met since it told the first; 0: it has forgotten them. */
u64 tenant_told(const struct tenant *t, u64 gram, u64 acting);
void tenant_tell_again(const struct tenant *t, u64 gram, u64 acting);

/* Events: a descriptor to poll, and delivery of what is there (-errno). */
int tenant_fd(const struct tenant *t);
int tenant_drain(struct tenant *t, void (*take)(void *ctx, const struct event *ev, size_t size), void *ctx);

/* FNV-1a of a program's name, as the sensor computes it. */
u32 program_name_hash(const char *name, bool script);

#endif
