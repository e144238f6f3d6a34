/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_builds.h - the pinned sensors of every build of thymus that ran since boot.
 *
 * Each has a folder named by its hash.  What is read here of one of another build must never change its form: the maps
 * `cgroups` (u64 id, u32 hierarchy, u32 0 -> u32 slot), `rings` (u32 slot -> a ring, while the slot is taken) and
 * `containers` (slot -> a row that begins with struct switches, to be mmap()ed), and the prefixes of the pins.
 */
#ifndef THYMUS_SENSOR_BUILDS_H
#define THYMUS_SENSOR_BUILDS_H

#include <stdint.h>

#include "event.h"
#include "folder.h"

#define BUILD_NAME 12 /* hex digits */

/* Their folders, sorted. */
must_check int sensor_builds(const char *pins, struct names *ret, struct err *e);

/* Call `take` for each slot that is taken: with the cgroup it watches, or with id 0 while its container is just starting. */
must_check int sensor_build_slots(const char *folder, void (*take)(void *ctx, uint64_t cgroup, uint32_t hierarchy), void *ctx,
				  struct err *e);

/* The switches of the container with that entry, whichever build watches it: `row` NULL where none does. */
struct sensor_switches {
	struct switches *row;
	void *table;
	size_t size;
};
struct sensor_switches sensor_builds_find(const char *pins, uint32_t slot, uint32_t init);
void sensor_switches_done(struct sensor_switches *s);
#define auto_switches __attribute__((cleanup(sensor_switches_done))) struct sensor_switches

/* Detach the programs, then drop all of that folder. */
must_check int sensor_build_remove(const char *folder, struct err *e);

/* Undo what sensor_open() did beside: its folder, and the bpffs where it was ours and is empty. */
void sensor_builds_leave(const char *pins);

#endif
