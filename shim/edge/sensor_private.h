/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sensor_private.h - what the files of the sensor share: sensor_bpf.c (programs and pins), sensor_slot.c (whose slot is
 * whose), sensor_tenant.c (members and events), sensor_model.c (sets).
 */
#ifndef THYMUS_SENSOR_PRIVATE_H
#define THYMUS_SENSOR_PRIVATE_H

#include "auto.h"
#include "sensor.h"

struct ring_buffer;

enum { CALLS, SMALL, MIDDLE, LARGE, OWNERS, RINGS, CGROUPS, STARTING, ADOPTING, KNOWN, TOLD, TASKS, SLOTS, TABLE, MAPS };

struct sensor {
	char  folder[512];
	char  lock[512];
	int   map[MAPS];
	struct container *table;
	struct slot *slots;
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

struct cgroup_key { u64 id; u32 hierarchy, pad; };

AUTO(tenant, struct tenant *, tenant_free)

/* Map the ring. */
must_check int tenant_open(struct tenant *t, int events, struct err *e);

/* The path of what is pinned: `kind` prog_, map_ or link_. */
void sensor_pin(const struct sensor *s, const char *kind, const char *name, char ret[768]);

/* Attach the programs that are not, or detach all: under the sensor's lock. */
must_check int sensor_attach(const struct sensor *s, struct err *e);
void sensor_detach(const struct sensor *s);

/* Make the maps that a kind needs, empty, and hand them to a slot.  Each waits for a grace period of the kernel's RCU. */
must_check int sensor_make_sets(struct sensor *s, u32 slot, enum slot_kind kind, struct err *e);
must_check int sensor_make_ring(struct sensor *s, u32 slot, u32 bytes, int *ret, struct err *e);

/* Drop a slot's marks of tasks to adopt. */
void sensor_unmark(struct sensor *s, u32 slot);

/* A descriptor of the map that a slot has in an outer map. */
int sensor_inner(struct sensor *s, int outer, u32 slot);

#endif
