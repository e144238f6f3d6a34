/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_slot.c - whose slot is whose, and slots made ready before anyone asks.
 *
 * To hand a map to the kernel's tables takes a grace period of RCU, 12 ms and more; three of them in the middle of a `create`
 * would be most of what thymus costs there.  So the maps of the next container are handed over while nobody waits, and a
 * claim is a few plain writes under a lock that nobody holds while he waits for anything.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"
#include "process.h"
#include "sensor_private.h"

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static void own(struct slot *o, enum slot_state state)
{
	o->owner = (u32)getpid();
	o->owner_since = process_start(getpid());
	o->state = state;
}

static bool owner_lives(const struct slot *o)
{
	return process_is_same((pid_t)o->owner, o->owner_since);
}

/* Nobody will ever give it back. */
static bool abandoned(const struct slot *o)
{
	return (o->state == SLOT_PREPARING || o->state == SLOT_ATTACHING || o->state == SLOT_EMPTYING) && !owner_lives(o);
}

static u32 first_in(const struct sensor *s, enum slot_state state, enum slot_kind kind, u32 ring)
{
	for (u32 i = 0; i < CONTAINERS; i++) {
		const struct slot *o = &s->slots[i];

		if (o->state == (u32)state && (kind == KIND_NONE || (o->kind == (u32)kind && o->ring == ring)))
			return i;
	}
	return CONTAINERS;
}

/* One that nobody uses: its maps, if it has any, are replaced. */
static u32 any_free(const struct sensor *s)
{
	u32 slot = first_in(s, SLOT_FREE, KIND_NONE, 0);

	for (u32 i = 0; i < CONTAINERS && slot == CONTAINERS; i++)
		if (abandoned(&s->slots[i]))
			slot = i;
	return slot;
}

static void zero_calls(struct sensor *s, u32 slot)
{
	int cpus = libbpf_num_possible_cpus();
	auto_free u64 *each = calloc((size_t)(cpus > 0 ? cpus : 1), sizeof(*each));

	if (each)
		bpf_map_update_elem(s->map[CALLS], &slot, each, BPF_ANY);
}

/* The same key may be another container's by now. */
static void forget_key(int map, const void *key, u32 slot)
{
	u32 value;

	if (bpf_map_lookup_elem(map, key, &value) == 0 && value == slot)
		bpf_map_delete_elem(map, key);
}

static void forget_keys(struct sensor *s, u32 slot)
{
	const struct container *row = &s->table[slot];
	struct cgroup_key key = { row->cgroup, row->hierarchy, 0 };

	forget_key(s->map[CGROUPS], &key, slot);
	forget_key(s->map[STARTING], &row->init, slot);
	sensor_unmark(s, slot);
}

static void clear(struct sensor *s, u32 slot)
{
	forget_keys(s, slot); /* an owner that died left them */
	zero_calls(s, slot);
	memset(&s->table[slot], 0, sizeof(s->table[slot]));
}

/* A slot of our own, if possible one that is ready. */
static int take(struct sensor *s, enum slot_kind kind, u32 ring, u32 *ret, struct err *e)
{
	auto_of(fd) int held = lock_open(s->lock, O_RDWR, e);
	u32 slot;
	bool ready;

	if (held < 0)
		return held;
	slot = first_in(s, SLOT_READY, kind, ring);
	ready = slot < CONTAINERS && kind != KIND_NONE;
	if (!ready)
		slot = any_free(s);
	if (slot == CONTAINERS) /* what is ready for others counts as free */
		slot = first_in(s, SLOT_READY, KIND_NONE, 0);
	if (slot == CONTAINERS)
		return fail(e, ENOSPC, "%d containers are monitored already", CONTAINERS);
	if (!ready)
		s->slots[slot] = (struct slot){ .kind = KIND_NONE };
	own(&s->slots[slot], SLOT_ATTACHING);
	*ret = slot;
	return sensor_attach(s, e);
}

int sensor_claim(struct sensor *s, enum slot_kind kind, u32 ring, struct tenant **ret, struct err *e)
{
	auto_of(tenant) struct tenant *t = calloc(1, sizeof(*t));
	auto_of(fd) int events = -1;
	struct container *row;
	u32 slot = 0;
	int rc;

	if (!t)
		return fail(e, ENOMEM, "out of memory");
	rc = take(s, kind, ring, &slot, e);
	if (rc < 0)
		return rc;
	row = &s->table[slot];
	if (s->slots[slot].kind == KIND_NONE) {
		clear(s, slot);
		rc = sensor_make_ring(s, slot, ring, &events, e);
	} else {
		events = sensor_inner(s, RINGS, slot);
		rc = events < 0 ? fail(e, errno, "find the ring of events: %m") : 0;
	}
	if (rc == 0)
		rc = tenant_open(t, events, e);
	if (rc < 0) {
		s->slots[slot].state = SLOT_FREE;
		return rc;
	}
	t->sensor = s;
	t->slot = slot;
	t->generation = (u32)now_ns() | 1;
	row->epoch = now_ns();
	row->programs = 1;
	row->order = 3;
	row->model = slot;
	row->weights.theta = SCORE_OFF;
	row->generation = t->generation;
	*ret = STEAL(t);
	return 0;
}

int sensor_prepare(struct sensor *s, enum slot_kind kind, u32 ring, struct err *e)
{
	auto_of(fd) int held = lock_open(s->lock, O_RDWR, e), events = -1;
	struct slot *o;
	u32 slot;
	int rc;

	if (held < 0)
		return held;
	slot = any_free(s);
	if (first_in(s, SLOT_READY, kind, ring) < CONTAINERS || slot == CONTAINERS)
		return 0;
	for (u32 i = 0; i < CONTAINERS; i++) {
		o = &s->slots[i];
		if (o->state == SLOT_PREPARING && o->kind == (u32)kind && o->ring == ring && owner_lives(o))
			return 0;
	}
	o = &s->slots[slot];
	*o = (struct slot){ .kind = kind, .ring = ring };
	own(o, SLOT_PREPARING);
	file_close(held);
	held = -1;
	clear(s, slot);
	rc = sensor_make_ring(s, slot, ring, &events, e);
	if (rc == 0)
		rc = sensor_make_sets(s, slot, kind, e);
	__atomic_store_n(&o->state, rc == 0 ? SLOT_READY : SLOT_FREE, __ATOMIC_RELEASE);
	return rc;
}

/* ---- the end ---- */

static void forget_programs(struct sensor *s, u32 slot)
{
	struct program_key key, next;
	bool more = bpf_map_get_next_key(s->map[KNOWN], NULL, &next) == 0;

	while (more) {
		key = next;
		more = bpf_map_get_next_key(s->map[KNOWN], &key, &next) == 0;
		if (key.slot == slot)
			bpf_map_delete_elem(s->map[KNOWN], &key);
	}
}

void sensor_leave(struct sensor *s, u32 slot, struct slot *left)
{
	s->table[slot].generation = 0;
	own(&s->slots[slot], SLOT_EMPTYING);
	forget_keys(s, slot);
	*left = s->slots[slot];
}

/* From who left it, our parent perhaps.  False: that one has died, and someone else has taken the slot. */
static bool take_over(struct sensor *s, u32 slot, const struct slot *left)
{
	struct err ignored;
	auto_of(fd) int held = lock_open(s->lock, O_RDWR, &ignored);
	struct slot *o = &s->slots[slot];

	(void)held;
	if (o->state != SLOT_EMPTYING || o->owner != left->owner || o->owner_since != left->owner_since)
		return false;
	own(o, SLOT_EMPTYING);
	return true;
}

void sensor_empty(struct sensor *s, u32 slot, const struct slot *left)
{
	static const int outer[] = { RINGS, SMALL, MIDDLE, LARGE, OWNERS };
	auto_of(fd) int held = -1;
	struct err ignored;

	if (!take_over(s, slot, left))
		return;
	forget_programs(s, slot);
	for (size_t i = 0; i < sizeof(outer) / sizeof(outer[0]); i++)
		bpf_map_delete_elem(s->map[outer[i]], &slot);
	held = lock_open(s->lock, O_RDWR, &ignored);
	(void)held; /* without the lock we release all the same: a slot that nobody frees is worse */
	s->slots[slot].state = SLOT_FREE;
	for (u32 i = 0; i < CONTAINERS; i++) {
		const struct slot *o = &s->slots[i];

		if (o->state == SLOT_USED || (o->state == SLOT_ATTACHING && owner_lives(o)))
			return;
	}
	sensor_detach(s); /* nobody is watched: the rest of the host pays nothing */
}
