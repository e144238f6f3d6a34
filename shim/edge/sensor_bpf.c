/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sensor.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "digest.h"
#include "file.h"
#include "lock.h"
#include "sensor.skel.h"

/* Everything that is pinned, by name.  `containers` comes last: its pin says "complete". */
static const char *const programs[] = { "on_call", "on_newtask", "on_attach", "on_exit", "on_signal", "on_exec" };
static const char *const iterators[] = { "identities", "adopt" };
static const char *const maps[] = { "calls", "small", "middle", "large", "owners", "rings", "cgroups",
				    "starting", "adopting", "programs", "told", "tasks", "containers" };
enum { PROGRAMS = sizeof(programs) / sizeof(programs[0]), MAPS = sizeof(maps) / sizeof(maps[0]) };
enum { CALLS, SMALL, MIDDLE, LARGE, OWNERS, RINGS, CGROUPS, STARTING, ADOPTING, KNOWN, TOLD, TASKS, TABLE };

struct sensor {
	char  folder[512];
	char  lock[512];
	int   map[MAPS];
	struct container *table;
};

struct tenant {
	struct sensor *sensor;
	struct ring_buffer *ring;
	void (*take)(void *ctx, const struct event *ev, size_t size);
	void *ctx;
	struct bucket *keys; /* of the model being learned, read-only */
	struct owners *owners;
	u32 slot, generation;
};

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

/* ---- pins ---- */

static int need_bpffs(const char *folder, struct err *e)
{
	struct statfs fs;

	if (statfs("/sys/fs/bpf", &fs) == 0 && fs.f_type != BPF_FS_MAGIC &&
	    strncmp(folder, "/sys/fs/bpf/", 12) == 0 && mount(SENSOR_MOUNT, "/sys/fs/bpf", "bpf", 0, "mode=0700") < 0)
		return fail(e, errno, "mount a bpffs at /sys/fs/bpf: %m");
	return 0;
}

static void pin_path(const struct sensor *s, const char *kind, const char *name, char ret[768])
{
	snprintf(ret, 768, "%s/%s%s", s->folder, kind, name);
}

static int load_and_pin(struct sensor *s, struct err *e)
{
	struct sensor_bpf *skel = sensor_bpf__open();
	struct floor_rule rules[FLOOR_RULES];
	char path[768];
	int rc;

	if (!skel)
		return fail(e, errno, "open the BPF sensor: %m");
	skel->rodata->call_sigreturn = (u32)calls_number("rt_sigreturn");
	calls_floor_rules(rules);
	memcpy((void *)(size_t)skel->rodata->floor_rules, rules, sizeof(rules));
	rc = sensor_bpf__load(skel);
	if (rc < 0) {
		sensor_bpf__destroy(skel);
		return fail(e, -rc, "load the BPF sensor: the kernel refused it (%s); it needs BTF, CAP_BPF and Linux 5.15",
			    strerror(-rc));
	}
	for (size_t i = 0; i < PROGRAMS && rc == 0; i++) {
		pin_path(s, "prog_", programs[i], path);
		unlink(path);
		rc = bpf_obj_pin(bpf_program__fd(bpf_object__find_program_by_name(skel->obj, programs[i])), path);
	}
	for (size_t i = 0; i < sizeof(iterators) / sizeof(iterators[0]) && rc == 0; i++) {
		pin_path(s, "prog_", iterators[i], path);
		unlink(path);
		rc = bpf_obj_pin(bpf_program__fd(bpf_object__find_program_by_name(skel->obj, iterators[i])), path);
	}
	for (size_t i = 0; i < MAPS && rc == 0; i++) {
		pin_path(s, "map_", maps[i], path);
		unlink(path);
		rc = bpf_obj_pin(bpf_object__find_map_fd_by_name(skel->obj, maps[i]), path);
	}
	sensor_bpf__destroy(skel);
	return rc < 0 ? fail(e, -rc, "pin the BPF sensor in %s: %s", s->folder, strerror(-rc)) : 0;
}

static int attach_all(const struct sensor *s, struct err *e)
{
	char path[768];

	for (size_t i = 0; i < PROGRAMS; i++) {
		pin_path(s, "link_", programs[i], path);
		if (access(path, F_OK) == 0)
			continue;
		char program[768];
		pin_path(s, "prog_", programs[i], program);
		auto_of(fd) int prog = bpf_obj_get(program);
		/* a program with BTF knows its tracepoint: no name */
		auto_of(fd) int link = prog < 0 ? -1 : bpf_raw_tracepoint_open(NULL, prog);
		if (link < 0 || bpf_obj_pin(link, path) < 0)
			return fail(e, errno, "attach the BPF sensor's %s: %m", programs[i]);
	}
	return 0;
}

static void detach_all(const struct sensor *s)
{
	char path[768];

	for (size_t i = 0; i < PROGRAMS; i++) {
		pin_path(s, "link_", programs[i], path);
		unlink(path);
	}
}

static int get_maps(struct sensor *s)
{
	char path[768];

	for (size_t i = 0; i < MAPS; i++) {
		pin_path(s, "map_", maps[i], path);
		s->map[i] = bpf_obj_get(path);
		if (s->map[i] < 0)
			return -errno;
	}
	s->table = mmap(NULL, sizeof(struct container) * CONTAINERS, PROT_READ | PROT_WRITE, MAP_SHARED,
			s->map[TABLE], 0);
	if (s->table == MAP_FAILED) {
		s->table = NULL;
		return -errno;
	}
	return 0;
}

/* The object's own hash names the folder: another build has another one. */
static void name_folder(const char *pins, char ret[512])
{
	char digest[DIGEST_HEX + 1];
	const void *bytes;
	size_t size;

	bytes = sensor_bpf__elf_bytes(&size);
	digest_hex(bytes, size, digest);
	snprintf(ret, 512, "%s/%.12s", pins, digest);
}

void sensor_close(struct sensor *s)
{
	if (!s)
		return;
	if (s->table)
		munmap(s->table, sizeof(struct container) * CONTAINERS);
	for (size_t i = 0; i < MAPS; i++)
		file_close(s->map[i]);
	free(s);
}
AUTO(sensor, struct sensor *, sensor_close)

int sensor_open(const char *pins, const char *lock, bool load, struct sensor **ret, struct err *e)
{
	/* kernels before 5.11 charge maps against this limit; later ones ignore it */
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	auto_of(sensor) struct sensor *s = calloc(1, sizeof(*s));
	auto_of(fd) int held = -1;
	int rc;

	if (!s)
		return fail(e, ENOMEM, "out of memory");
	memset(s->map, -1, sizeof(s->map));
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	libbpf_set_print(quiet);
	name_folder(pins, s->folder);
	snprintf(s->lock, sizeof(s->lock), "%s", lock);
	if (load) {
		rc = need_bpffs(pins, e);
		if (rc == 0)
			rc = file_mkdirs(s->folder, e);
		if (rc == 0)
			rc = held = lock_open(lock, O_RDWR, e);
		if (rc < 0)
			return rc;
	}
	rc = get_maps(s);
	if (rc == -ENOENT && load) {
		rc = load_and_pin(s, e);
		if (rc == 0)
			rc = get_maps(s);
		if (rc < 0 && e->text[0])
			return rc;
	}
	if (rc < 0)
		return fail(e, -rc, "open the BPF sensor in %s: %s", s->folder, strerror(-rc));
	*ret = STEAL(s);
	return 0;
}

struct container *sensor_row(struct sensor *s, u32 slot)
{
	return slot < CONTAINERS ? &s->table[slot] : NULL;
}

u64 sensor_calls(struct sensor *s, u32 slot)
{
	int cpus = libbpf_num_possible_cpus();
	u64 total = 0;

	if (cpus < 1)
		return 0;
	auto_free u64 *each = calloc((size_t)cpus, sizeof(*each));
	if (!each || bpf_map_lookup_elem(s->map[CALLS], &slot, each) < 0)
		return 0;
	for (int i = 0; i < cpus; i++)
		total += each[i];
	return total;
}

bool sensor_task(struct sensor *s, pid_t pid, struct task *ret)
{
	auto_of(fd) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	return pidfd >= 0 && bpf_map_lookup_elem(s->map[TASKS], &pidfd, ret) == 0;
}

/* ---- places ---- */

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static int deliver(void *ctx, void *data, size_t size)
{
	struct tenant *t = ctx;

	t->take(t->ctx, data, size);
	return 0;
}

static void zero_calls(struct sensor *s, u32 slot)
{
	int cpus = libbpf_num_possible_cpus();
	auto_free u64 *each = calloc((size_t)(cpus > 0 ? cpus : 1), sizeof(*each));

	if (each)
		bpf_map_update_elem(s->map[CALLS], &slot, each, BPF_ANY);
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
AUTO(tenant, struct tenant *, tenant_free)

int sensor_claim(struct sensor *s, u32 ring, struct tenant **ret, struct err *e)
{
	auto_of(tenant) struct tenant *t = calloc(1, sizeof(*t));
	auto_of(fd) int held = lock_open(s->lock, O_RDWR, e);
	auto_of(fd) int events = -1;
	u32 slot;

	if (!t)
		return fail(e, ENOMEM, "out of memory");
	if (held < 0)
		return held;
	for (slot = 0; slot < CONTAINERS && s->table[slot].generation != 0; slot++)
		;
	if (slot == CONTAINERS)
		return fail(e, ENOSPC, "%d containers are monitored already", CONTAINERS);
	events = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "thymus_ring", 0, 0, ring, NULL);
	if (events < 0 || bpf_map_update_elem(s->map[RINGS], &slot, &events, BPF_ANY) < 0)
		return fail(e, errno, "make a ring of %u bytes for events: %m", ring);
	t->ring = ring_buffer__new(events, deliver, t, NULL);
	if (!t->ring)
		return fail(e, errno, "map the ring of events: %m");
	zero_calls(s, slot);
	memset(&s->table[slot], 0, sizeof(s->table[slot]));
	t->sensor = s;
	t->slot = slot;
	t->generation = (u32)now_ns() | 1;
	s->table[slot].epoch = now_ns();
	s->table[slot].programs = 1;
	s->table[slot].order = 3;
	s->table[slot].model = slot;
	s->table[slot].weights.theta = SCORE_OFF;
	s->table[slot].generation = t->generation;
	int rc = attach_all(s, e);
	if (rc < 0) {
		s->table[slot].generation = 0;
		return rc;
	}
	*ret = STEAL(t);
	return 0;
}

u32 tenant_slot(const struct tenant *t)
{
	return t->slot;
}

struct container *tenant_row(struct tenant *t)
{
	return &t->sensor->table[t->slot];
}

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

static void forget_numbered(int map, size_t key_size, u32 slot)
{
	unsigned char key[32], next[32];
	bool more = bpf_map_get_next_key(map, NULL, next) == 0;
	struct adoption value = { 0 }; /* the largest of the values that begin with a slot */

	while (more) {
		memcpy(key, next, key_size);
		more = bpf_map_get_next_key(map, key, next) == 0;
		if (bpf_map_lookup_elem(map, key, &value) == 0 && value.slot == slot)
			bpf_map_delete_elem(map, key);
	}
}

void sensor_release(struct sensor *s, u32 slot)
{
	struct err ignored;
	auto_of(fd) int held = lock_open(s->lock, O_RDWR, &ignored);

	(void)held; /* without the lock we release all the same: a slot that nobody frees is worse */
	s->table[slot].generation = 0;
	forget_numbered(s->map[CGROUPS], 16, slot);
	forget_numbered(s->map[STARTING], 4, slot);
	forget_numbered(s->map[ADOPTING], 4, slot);
	forget_programs(s, slot);
	bpf_map_delete_elem(s->map[RINGS], &slot);
	bpf_map_delete_elem(s->map[SMALL], &slot);
	bpf_map_delete_elem(s->map[MIDDLE], &slot);
	bpf_map_delete_elem(s->map[LARGE], &slot);
	bpf_map_delete_elem(s->map[OWNERS], &slot);
	for (u32 i = 0; i < CONTAINERS; i++)
		if (s->table[i].generation != 0)
			return;
	detach_all(s); /* nobody is watched: the rest of the host pays nothing */
}

/* ---- members ---- */

int tenant_watch_cgroup(struct tenant *t, u64 cgroup, u32 hierarchy, struct err *e)
{
	struct { u64 id; u32 hierarchy, pad; } key = { cgroup, hierarchy, 0 };
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
	pin_path(t->sensor, "prog_", "adopt", path);
	auto_of(fd) int prog = bpf_obj_get(path);
	auto_of(fd) int link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	auto_of(fd) int iter = link < 0 ? -1 : bpf_iter_create(link);
	if (iter < 0)
		return fail(e, errno, "make the container's tasks known to the kernel: %m");
	while ((n = read(iter, &row, sizeof(row))) == (ssize_t)sizeof(row))
		++*missing;
	forget_numbered(t->sensor->map[ADOPTING], 4, t->slot);
	return n < 0 ? fail(e, errno, "make the container's tasks known to the kernel: %m") : 0;
}

/* ---- models ---- */

static int inner(u32 value, u32 bits, const char *name)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, name, 4, value, 1u << bits, &opts);
}

int tenant_learn(struct tenant *t, struct err *e)
{
	auto_of(fd) int keys = inner(sizeof(struct bucket), BUCKET_BITS_LARGE, "thymus_keys");
	auto_of(fd) int owners = inner(sizeof(struct owners), BUCKET_BITS_LARGE, "thymus_owners");
	struct container *row = tenant_row(t);

	if (keys < 0 || owners < 0 || bpf_map_update_elem(t->sensor->map[LARGE], &t->slot, &keys, BPF_ANY) < 0 ||
	    bpf_map_update_elem(t->sensor->map[OWNERS], &t->slot, &owners, BPF_ANY) < 0)
		return fail(e, errno, "make a model to learn into: %m");
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

/* Fill a fresh set of 2^bits buckets; its descriptor, or -ENOSPC when a key finds no room. */
static int build(const struct model *m, u32 bits)
{
	auto_of(fd) int fd = inner(sizeof(struct bucket), bits, "thymus_set");
	size_t size = sizeof(struct bucket) << bits, at = 0;
	const struct gram *g;
	struct bucket *set;
	int rc = 0;

	if (fd < 0)
		return -errno;
	set = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (set == MAP_FAILED)
		return -errno;
	while (rc == 0 && (g = model_next(m, &at)))
		if (!put(set, bits, g->key))
			rc = -ENOSPC;
	munmap(set, size);
	if (rc < 0)
		return rc;
	rc = fd;
	fd = -1;
	return rc;
}

int tenant_judge(struct tenant *t, const struct model *m, struct err *e)
{
	static const struct { u32 bits; int map; u32 set; } sizes[] = {
		{ BUCKET_BITS_SMALL, SMALL, SET_SMALL },
		{ BUCKET_BITS_MIDDLE, MIDDLE, SET_MIDDLE },
		{ BUCKET_BITS_LARGE, LARGE, SET_LARGE },
	};
	int rc = -ENOSPC;

	for (size_t i = 0; i < 3 && rc == -ENOSPC; i++) {
		/* over 85 % full, some key will not find room */
		if (model_count(m) > (size_t)(BUCKET_KEYS << sizes[i].bits) * 85 / 100)
			continue;
		auto_of(fd) int fd = rc = build(m, sizes[i].bits);
		if (rc < 0)
			continue;
		if (bpf_map_update_elem(t->sensor->map[sizes[i].map], &t->slot, &fd, BPF_ANY) < 0)
			return fail(e, errno, "hand the model to the kernel: %m");
		tenant_row(t)->set = sizes[i].set;
		return 0;
	}
	return fail(e, -rc, "hand the model of %zu n-grams to the kernel: %s", model_count(m), strerror(-rc));
}

/* ---- programs ---- */

u32 program_name_hash(const char *name, bool script)
{
	u32 h = 2166136261u;

	for (; *name; name++)
		h = *name == '/' && !script ? 2166136261u : (h ^ (unsigned char)*name) * 16777619u;
	return h;
}

int sensor_identify(struct sensor *s, void (*take)(void *ctx, u32 fd, const struct program_key *key), void *ctx,
		    struct err *e)
{
	union bpf_iter_link_info info = { .task = { .pid = (u32)getpid() } };
	LIBBPF_OPTS(bpf_link_create_opts, only, .iter_info = &info, .iter_info_len = sizeof(info));
	char path[768];
	struct identity_row row;
	ssize_t n;

	pin_path(s, "prog_", "identities", path);
	auto_of(fd) int prog = bpf_obj_get(path);
	auto_of(fd) int link = bpf_link_create(prog, 0, BPF_TRACE_ITER, &only);
	if (link < 0) /* before 6.1 it walks the whole host */
		link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	auto_of(fd) int iter = link < 0 ? -1 : bpf_iter_create(link);
	if (iter < 0)
		return fail(e, errno, "ask the kernel for the identity of files: %m");
	while ((n = read(iter, &row, sizeof(row))) == (ssize_t)sizeof(row))
		if (row.tgid == (u32)getpid())
			take(ctx, row.fd, &row.key);
	return n < 0 ? fail(e, errno, "ask the kernel for the identity of files: %m") : 0;
}

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
