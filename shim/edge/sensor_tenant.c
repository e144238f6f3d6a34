/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sensor_tenant.c - one container's place: its members, its programs, its events. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "sensor_private.h"

static int deliver(void *ctx, void *data, size_t size)
{
	struct tenant *t = ctx;

	t->take(t->ctx, data, size);
	return 0;
}

void tenant_free(struct tenant *t)
{
	if (!t)
		return;
	ring_buffer__free(t->ring);
	if (t->keys)
		munmap(t->keys, sizeof(struct bucket) << BUCKET_BITS_LARGE);
	if (t->owners)
		munmap(t->owners, sizeof(struct owners) << BUCKET_BITS_LARGE);
	free(t);
}
int tenant_open(struct tenant *t, int events, struct err *e)
{
	t->ring = ring_buffer__new(events, deliver, t, NULL);
	return t->ring ? 0 : fail(e, errno, "map the ring of events: %m");
}

u32 tenant_slot(const struct tenant *t)
{
	return t->slot;
}

struct container *tenant_row(struct tenant *t)
{
	return &t->sensor->table[t->slot];
}

/* ---- members ---- */

int tenant_watch_cgroup(struct tenant *t, u64 cgroup, u32 hierarchy, struct err *e)
{
	struct cgroup_key key = { cgroup, hierarchy, 0 };
	struct container *row = tenant_row(t);

	row->cgroup = cgroup;
	row->hierarchy = hierarchy;
	if (bpf_map_update_elem(t->sensor->map[CGROUPS], &key, &t->slot, BPF_NOEXIST) < 0)
		return fail(e, errno, errno == EEXIST ? "another monitored container is in this cgroup already: give each its own "
			    "cgroupsPath" : "watch the container's cgroup: %m");
	return 0;
}

int tenant_expect(struct tenant *t, u32 tgid, struct err *e)
{
	tenant_row(t)->init = tgid;
	if (bpf_map_update_elem(t->sensor->map[STARTING], &tgid, &t->slot, BPF_ANY) < 0)
		return fail(e, errno, "expect the container's entry: %m");
	return 0;
}

void tenant_settle(struct tenant *t)
{
	t->sensor->slots[t->slot].state = SLOT_USED;
}

void sensor_unmark(struct sensor *s, u32 slot)
{
	struct adoption value = { 0 };
	u32 key, next;
	bool more = bpf_map_get_next_key(s->map[ADOPTING], NULL, &next) == 0;

	while (more) {
		key = next;
		more = bpf_map_get_next_key(s->map[ADOPTING], &key, &next) == 0;
		if (bpf_map_lookup_elem(s->map[ADOPTING], &key, &value) == 0 && value.slot == slot)
			bpf_map_delete_elem(s->map[ADOPTING], &key);
	}
}

int tenant_mark(struct tenant *t, u32 tgid, u32 program, u64 inode, struct err *e)
{
	struct adoption a = { t->slot, program, inode };

	if (bpf_map_update_elem(t->sensor->map[ADOPTING], &tgid, &a, BPF_ANY) < 0)
		return fail(e, errno, "name the container's processes to the kernel: %m");
	return 0;
}

int tenant_adopt(struct tenant *t, u32 *missing, struct err *e)
{
	struct adopted_row row;
	char path[768];
	ssize_t n;

	*missing = 0;
	sensor_pin(t->sensor, "prog_", "adopt", path);
	auto_of(fd) int prog = bpf_obj_get(path);
	auto_of(fd) int link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	auto_of(fd) int iter = link < 0 ? -1 : bpf_iter_create(link);
	if (iter < 0)
		return fail(e, errno, "make the container's tasks known to the kernel: %m");
	while ((n = read(iter, &row, sizeof(row))) == (ssize_t)sizeof(row))
		++*missing;
	sensor_unmark(t->sensor, t->slot);
	return n < 0 ? fail(e, errno, "make the container's tasks known to the kernel: %m") : 0;
}

/* ---- programs ---- */

int tenant_know(struct tenant *t, const struct program_key *key, u32 local, struct err *e)
{
	struct program_key full = *key;

	full.slot = t->slot;
	full.generation = t->generation;
	if (bpf_map_update_elem(t->sensor->map[KNOWN], &full, &local, BPF_NOEXIST) < 0 && errno != EEXIST)
		return fail(e, errno, "tell the kernel a program: %m");
	return 0;
}

void tenant_forget(struct tenant *t, const struct program_key *key)
{
	struct program_key full = *key;

	full.slot = t->slot;
	full.generation = t->generation;
	(void)bpf_map_delete_elem(t->sensor->map[KNOWN], &full);
}

/* ---- deviations that were told ---- */

static struct told_key told_key(const struct tenant *t, u64 gram, u64 acting)
{
	return (struct told_key){ t->slot, t->generation, gram, acting };
}

u64 tenant_told(const struct tenant *t, u64 gram, u64 acting)
{
	struct told_key key = told_key(t, gram, acting);
	u64 count = 0;

	return bpf_map_lookup_elem(t->sensor->map[TOLD], &key, &count) == 0 ? count : 0;
}

void tenant_tell_again(const struct tenant *t, u64 gram, u64 acting)
{
	struct told_key key = told_key(t, gram, acting);

	(void)bpf_map_delete_elem(t->sensor->map[TOLD], &key);
}

/* ---- events ---- */

int tenant_fd(const struct tenant *t)
{
	return ring_buffer__epoll_fd(t->ring);
}

int tenant_drain(struct tenant *t, void (*take)(void *ctx, const struct event *ev, size_t size), void *ctx)
{
	t->take = take;
	t->ctx = ctx;
	return ring_buffer__consume(t->ring);
}
