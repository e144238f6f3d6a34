/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sensor_model.c - the sets of n-grams that the kernel learns into and judges by. */
#include <bpf/bpf.h>
#include <string.h>
#include <sys/mman.h>

#include "file.h"
#include "sensor_private.h"

static int inner(u32 value, u32 bits, const char *name)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, name, 4, value, 1u << bits, &opts);
}

int sensor_inner(struct sensor *s, int outer, u32 slot)
{
	u32 id;

	return bpf_map_lookup_elem(s->map[outer], &slot, &id) < 0 ? -1 : bpf_map_get_fd_by_id(id);
}

static int hand_over(struct sensor *s, int outer, u32 slot, int fd)
{
	return fd < 0 ? -1 : bpf_map_update_elem(s->map[outer], &slot, &fd, BPF_ANY);
}

int sensor_make_ring(struct sensor *s, u32 slot, u32 bytes, int *ret, struct err *e)
{
	auto_of(fd) int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "thymus_ring", 0, 0, bytes, NULL);

	if (hand_over(s, RINGS, slot, fd) < 0)
		return fail(e, errno, "make a ring of %u bytes for events: %m", bytes);
	*ret = fd;
	fd = -1;
	return 0;
}

static const struct size { u32 bits; int map; u32 set; enum slot_kind kind; } sizes[] = {
	{ BUCKET_BITS_SMALL, SMALL, SET_SMALL, KIND_SMALL },
	{ BUCKET_BITS_MIDDLE, MIDDLE, SET_MIDDLE, KIND_MIDDLE },
	{ BUCKET_BITS_LARGE, LARGE, SET_LARGE, KIND_LARGE },
};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

/* Over 85 % full, some key will not find room. */
static bool holds(const struct size *size, size_t keys)
{
	return keys <= (size_t)(BUCKET_KEYS << size->bits) * 85 / 100;
}

enum slot_kind sensor_kind_for(const struct model *m)
{
	for (size_t i = 0; i < SIZES; i++)
		if (holds(&sizes[i], model_count(m)))
			return sizes[i].kind;
	return KIND_NONE;
}

static int make_learning(struct sensor *s, u32 slot, struct err *e)
{
	auto_of(fd) int keys = inner(sizeof(struct bucket), BUCKET_BITS_LARGE, "thymus_keys");
	auto_of(fd) int owners = inner(sizeof(struct owners), BUCKET_BITS_LARGE, "thymus_owners");

	if (hand_over(s, LARGE, slot, keys) < 0 || hand_over(s, OWNERS, slot, owners) < 0)
		return fail(e, errno, "make a model to learn into: %m");
	return 0;
}

int sensor_make_sets(struct sensor *s, u32 slot, enum slot_kind kind, struct err *e)
{
	if (kind == KIND_LEARN)
		return make_learning(s, slot, e);
	for (size_t i = 0; i < SIZES; i++) {
		if (sizes[i].kind != kind)
			continue;
		auto_of(fd) int fd = inner(sizeof(struct bucket), sizes[i].bits, "thymus_set");
		if (hand_over(s, sizes[i].map, slot, fd) < 0)
			return fail(e, errno, "make an empty set: %m");
	}
	return 0;
}

/* True once: the set that lies ready for `kind` is taken into use by who asks. */
static bool use_ready(struct tenant *t, enum slot_kind kind)
{
	struct slot *o = &t->sensor->slots[t->slot];
	bool ready = o->kind == (u32)kind;

	o->kind = KIND_NONE;
	return ready;
}

int tenant_learn(struct tenant *t, struct err *e)
{
	struct container *row = tenant_row(t);
	int rc = use_ready(t, KIND_LEARN) ? 0 : make_learning(t->sensor, t->slot, e);

	if (rc < 0)
		return rc;
	auto_of(fd) int keys = sensor_inner(t->sensor, LARGE, t->slot), owners = sensor_inner(t->sensor, OWNERS, t->slot);
	t->keys = mmap(NULL, sizeof(struct bucket) << BUCKET_BITS_LARGE, PROT_READ, MAP_SHARED, keys, 0);
	t->owners = mmap(NULL, sizeof(struct owners) << BUCKET_BITS_LARGE, PROT_READ, MAP_SHARED, owners, 0);
	if (t->keys == MAP_FAILED || t->owners == MAP_FAILED) {
		t->keys = t->keys == MAP_FAILED ? NULL : t->keys;
		t->owners = t->owners == MAP_FAILED ? NULL : t->owners;
		return fail(e, errno, "map the model to learn into: %m");
	}
	row->set = SET_LARGE;
	row->mode = SENSE_LEARN;
	return 0;
}

void tenant_learned(struct tenant *t, void (*take)(void *ctx, u64 key, u32 second, bool many), void *ctx)
{
	if (!t->keys || !t->owners)
		return;
	for (u32 b = 0; b < 1u << BUCKET_BITS_LARGE; b++)
		for (u32 i = 0; i < BUCKET_KEYS; i++) {
			u64 key = __atomic_load_n(&t->keys[b].key[i], __ATOMIC_ACQUIRE);
			u32 owner = __atomic_load_n(&t->owners[b].second[i], __ATOMIC_ACQUIRE);

			if (key && owner)
				take(ctx, key, owner & ~OWNER_MANY, (owner & OWNER_MANY) != 0);
		}
}

static bool put(struct bucket *set, u32 bits, u64 key)
{
	struct bucket *a = &set[bucket_of(key, bits, 0)], *b = &set[bucket_of(key, bits, 1)];

	for (u32 i = 0; i < BUCKET_KEYS; i++) {
		if (a->key[i] == key || b->key[i] == key)
			return true;
		if (a->key[i] == 0) {
			a->key[i] = key;
			return true;
		}
		if (b->key[i] == 0) {
			b->key[i] = key;
			return true;
		}
	}
	return false;
}

/* Into an empty set of 2^bits buckets; -ENOSPC when a key finds no room. */
static int fill(int fd, const struct model *m, u32 bits)
{
	size_t size = sizeof(struct bucket) << bits, at = 0;
	struct bucket *set = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const struct gram *g;
	int rc = 0;

	if (set == MAP_FAILED)
		return -errno;
	while (rc == 0 && (g = model_next(m, &at)))
		if (!put(set, bits, g->key))
			rc = -ENOSPC;
	munmap(set, size);
	return rc;
}

/* What the kernel judges by at this moment is never written to: another set takes its place. */
static int judge_by(struct tenant *t, const struct model *m, const struct size *size)
{
	bool ready = use_ready(t, size->kind);
	auto_of(fd) int fd = ready ? sensor_inner(t->sensor, size->map, t->slot) :
				     inner(sizeof(struct bucket), size->bits, "thymus_set");
	int rc = fd < 0 ? -errno : fill(fd, m, size->bits);

	if (rc == 0 && !ready && hand_over(t->sensor, size->map, t->slot, fd) < 0)
		rc = -errno;
	if (rc == 0)
		tenant_row(t)->set = size->set;
	return rc;
}

int tenant_judge(struct tenant *t, const struct model *m, struct err *e)
{
	int rc = -ENOSPC;

	for (size_t i = 0; i < SIZES && rc == -ENOSPC; i++)
		if (holds(&sizes[i], model_count(m)))
			rc = judge_by(t, m, &sizes[i]);
	return rc < 0 ? fail(e, -rc, "hand the model of %zu n-grams to the kernel: %s", model_count(m), strerror(-rc)) : 0;
}
