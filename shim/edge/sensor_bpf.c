/* SPDX-License-Identifier: GPL-2.0-or-later */

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
#include "file.h"
#include "lock.h"
#include "sensor.skel.h"
#include "sensor_private.h"

/* Everything that is pinned, by name.  `containers` comes last: its pin says "complete". */
static const char *const programs[] = { "on_call", "on_newtask", "on_attach", "on_exit", "on_signal", "on_exec" };
static const char *const iterators[] = { "identities", "adopt" };
static const char *const maps[] = { "calls", "small", "middle", "large", "owners", "rings", "cgroups",
				    "starting", "adopting", "programs", "told", "tasks", "slots", "containers" };
enum { PROGRAMS = sizeof(programs) / sizeof(programs[0]) };
_Static_assert(sizeof(maps) / sizeof(maps[0]) == MAPS, "a name for each map");

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

void sensor_pin(const struct sensor *s, const char *kind, const char *name, char ret[768])
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
		sensor_pin(s, "prog_", programs[i], path);
		unlink(path);
		rc = bpf_obj_pin(bpf_program__fd(bpf_object__find_program_by_name(skel->obj, programs[i])), path);
	}
	for (size_t i = 0; i < sizeof(iterators) / sizeof(iterators[0]) && rc == 0; i++) {
		sensor_pin(s, "prog_", iterators[i], path);
		unlink(path);
		rc = bpf_obj_pin(bpf_program__fd(bpf_object__find_program_by_name(skel->obj, iterators[i])), path);
	}
	for (size_t i = 0; i < MAPS && rc == 0; i++) {
		sensor_pin(s, "map_", maps[i], path);
		unlink(path);
		rc = bpf_obj_pin(bpf_object__find_map_fd_by_name(skel->obj, maps[i]), path);
	}
	sensor_bpf__destroy(skel);
	return rc < 0 ? fail(e, -rc, "pin the BPF sensor in %s: %s", s->folder, strerror(-rc)) : 0;
}

int sensor_attach(const struct sensor *s, struct err *e)
{
	char path[768];

	for (size_t i = 0; i < PROGRAMS; i++) {
		sensor_pin(s, "link_", programs[i], path);
		if (access(path, F_OK) == 0)
			continue;
		char program[768];
		sensor_pin(s, "prog_", programs[i], program);
		auto_of(fd) int prog = bpf_obj_get(program);
		/* a program with BTF knows its tracepoint: no name */
		auto_of(fd) int link = prog < 0 ? -1 : bpf_raw_tracepoint_open(NULL, prog);
		if (link < 0 || bpf_obj_pin(link, path) < 0)
			return fail(e, errno, "attach the BPF sensor's %s: %m", programs[i]);
	}
	return 0;
}

void sensor_detach(const struct sensor *s)
{
	char path[768];

	for (size_t i = 0; i < PROGRAMS; i++) {
		sensor_pin(s, "link_", programs[i], path);
		unlink(path);
	}
}

static void *table_of(int map, size_t row)
{
	void *table = mmap(NULL, row * CONTAINERS, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	return table == MAP_FAILED ? NULL : table;
}

static int get_maps(struct sensor *s)
{
	char path[768];

	for (size_t i = 0; i < MAPS; i++) {
		sensor_pin(s, "map_", maps[i], path);
		s->map[i] = bpf_obj_get(path);
		if (s->map[i] < 0)
			return -errno;
	}
	s->table = table_of(s->map[TABLE], sizeof(*s->table));
	s->slots = table_of(s->map[SLOTS], sizeof(*s->slots));
	return s->table && s->slots ? 0 : -errno;
}

void sensor_close(struct sensor *s)
{
	if (!s)
		return;
	if (s->table)
		munmap(s->table, sizeof(*s->table) * CONTAINERS);
	if (s->slots)
		munmap(s->slots, sizeof(*s->slots) * CONTAINERS);
	for (size_t i = 0; i < MAPS; i++)
		file_close(s->map[i]);
	free(s);
}
AUTO(sensor, struct sensor *, sensor_close)

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(NO_SENSOR)
enum { KNOWS_MACHINE = 1 };
#else
enum { KNOWS_MACHINE = 0 };
#endif

const char *sensor_build(void)
{
	return SENSOR_DIGEST;
}

int sensor_open(const char *pins, const char *lock, bool load, struct sensor **ret, struct err *e)
{
	/* kernels before 5.11 charge maps against this limit; later ones ignore it */
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	auto_of(sensor) struct sensor *s = calloc(1, sizeof(*s));
	auto_of(fd) int held = -1;
	int rc;

	if (!KNOWS_MACHINE)
		return fail(e, ENOTSUP, "there is no sensor for this machine: thymus watches on x86_64 and aarch64");
	if (!s)
		return fail(e, ENOMEM, "out of memory");
	memset(s->map, -1, sizeof(s->map));
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	libbpf_set_print(quiet);
	/* the object's own hash names the folder: another build has another one */
	snprintf(s->folder, sizeof(s->folder), "%s/%s", pins, SENSOR_DIGEST);
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

	sensor_pin(s, "prog_", "identities", path);
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
