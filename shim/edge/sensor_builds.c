/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sensor_builds.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "file.h"
#include "mounts.h"
#include "sensor.h"

struct cgroup_key {
	uint64_t id;
	uint32_t hierarchy, pad;
};

static bool is_build(const char *name)
{
	return strlen(name) == BUILD_NAME && strspn(name, "0123456789abcdef") == BUILD_NAME;
}

int sensor_builds(const char *pins, struct names *ret, struct err *e)
{
	int rc = folder_names(pins, is_build, ret, e);

	if (rc == 0)
		names_sort(ret);
	return rc;
}

static int map_of(const char *folder, const char *name)
{
	char path[768];

	snprintf(path, sizeof(path), "%.600s/map_%s", folder, name);
	return bpf_obj_get(path);
}

/* What lies ready for a container to come, or is being emptied, is nobody's.  Builds of before had no such table. */
static bool is_claimed(int slots, uint32_t slot)
{
	struct slot o;

	return slots < 0 || bpf_map_lookup_elem(slots, &slot, &o) < 0 || o.state == SLOT_ATTACHING || o.state == SLOT_USED;
}

int sensor_build_slots(const char *folder, void (*take)(void *ctx, uint64_t cgroup, uint32_t hierarchy), void *ctx,
		       struct err *e)
{
	auto_of(fd) int cgroups = map_of(folder, "cgroups"), rings = map_of(folder, "rings"),
			slots = map_of(folder, "slots");
	bool watched[CONTAINERS] = { false };
	struct cgroup_key key, next;
	bool more;

	if (cgroups < 0 || rings < 0) /* left half-made by who was killed while loading it: used by nobody */
		return errno == ENOENT ? 0 : fail(e, errno, "open the maps in %s: %m", folder);
	more = bpf_map_get_next_key(cgroups, NULL, &next) == 0;
	while (more) {
		uint32_t slot;

		key = next;
		more = bpf_map_get_next_key(cgroups, &key, &next) == 0;
		if (bpf_map_lookup_elem(cgroups, &key, &slot) < 0 || slot >= CONTAINERS)
			continue;
		watched[slot] = true;
		take(ctx, key.id, key.hierarchy);
	}
	for (uint32_t slot = 0, ring; slot < CONTAINERS; slot++)
		if (!watched[slot] && bpf_map_lookup_elem(rings, &slot, &ring) == 0 && is_claimed(slots, slot))
			take(ctx, 0, 0);
	return 0;
}

static bool map_rows(const char *folder, uint32_t slot, struct sensor_switches *ret)
{
	auto_of(fd) int rows = map_of(folder, "containers");
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (rows < 0 || bpf_obj_get_info_by_fd(rows, &info, &size) < 0 || slot >= info.max_entries ||
	    info.value_size < sizeof(struct switches))
		return false;
	size_t each = (info.value_size + 7u) & ~7u; /* as the kernel lays out an array */
	ret->size = each * info.max_entries;
	ret->table = mmap(NULL, ret->size, PROT_READ | PROT_WRITE, MAP_SHARED, rows, 0);
	if (ret->table == MAP_FAILED)
		return false;
	ret->row = (struct switches *)((char *)ret->table + each * slot);
	return true;
}

struct sensor_switches sensor_builds_find(const char *pins, uint32_t slot, uint32_t init)
{
	auto_names builds = { 0 };
	struct err ignored;

	if (sensor_builds(pins, &builds, &ignored) < 0)
		return (struct sensor_switches){ NULL, NULL, 0 };
	for (size_t i = 0; i < builds.count; i++) {
		struct sensor_switches s = { NULL, NULL, 0 };

		if (!map_rows(builds.name[i], slot, &s))
			continue;
		if (s.row->generation != 0 && s.row->init == init)
			return s;
		sensor_switches_done(&s);
	}
	return (struct sensor_switches){ NULL, NULL, 0 };
}

void sensor_switches_done(struct sensor_switches *s)
{
	if (s->row)
		munmap(s->table, s->size);
	s->row = NULL;
}

static int unlink_all(const char *folder, const char *prefix, struct err *e)
{
	auto_names pins = { 0 };
	int rc = folder_names(folder, NULL, &pins, e);

	for (size_t i = 0; rc == 0 && i < pins.count; i++) {
		const char *name = strrchr(pins.name[i], '/') + 1;

		if (strncmp(name, prefix, strlen(prefix)) == 0 && unlink(pins.name[i]) < 0 && errno != ENOENT)
			rc = fail(e, errno, "remove %s: %m", pins.name[i]);
	}
	return rc;
}

int sensor_build_remove(const char *folder, struct err *e)
{
	int rc = unlink_all(folder, "link_", e);

	if (rc == 0)
		rc = unlink_all(folder, "", e);
	if (rc == 0 && rmdir(folder) < 0 && errno != ENOENT)
		rc = fail(e, errno, "remove %s: %m", folder);
	return rc;
}

static bool is_ours(void *ctx, const struct mntent *m)
{
	(void)ctx;
	return strcmp(m->mnt_dir, "/sys/fs/bpf") == 0 && strcmp(m->mnt_fsname, SENSOR_MOUNT) == 0;
}

void sensor_builds_leave(const char *pins)
{
	auto_names rest = { 0 };
	struct err ignored;

	rmdir(pins);
	if (mounts_find(0, is_ours, NULL) && folder_names("/sys/fs/bpf", NULL, &rest, &ignored) == 0 && rest.count == 0)
		umount2("/sys/fs/bpf", UMOUNT_NOFOLLOW);
}
