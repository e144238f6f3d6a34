/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * incident.h - INCIDENTS/ID/incident.json: a deviation that was acted on, with its evidence.
 *
 * IDs sort by time.  The schema is in docs/man/thymus.8; core/incident_text.h makes words of it.
 */
#ifndef THYMUS_INCIDENT_H
#define THYMUS_INCIDENT_H

#include "folder.h"
#include "policy.h"

#define INCIDENT_BYTES (4u << 20)

must_check int incident_new_id(char ret[32], struct err *e); /* 20260131T235959.123-a1b2, UTC */
must_check int incident_save(const struct policy *p, const char *id, const struct json *doc,
			     struct err *e);

/* By ID or by a beginning that only one has; the whole ID into `id`.  -ENOENT, or -EEXIST when
 * ambiguous. */
must_check int incident_load(const struct policy *p, const char *word, char id[32],
			     struct json **ret, struct err *e);

/* All IDs, sorted, malloc()ed, NULL-terminated. */
must_check int incident_list(const struct policy *p, char ***ret, struct err *e);

/* An array of what `incident ls` shows: {"id", "when", "container", "name", "tier", "verdict",
 * "action", "prevented", "program", "state"}; one that cannot be read has "id" and "state": "unreadable". */
must_check int incident_rows(const struct policy *p, struct json **ret, struct err *e);

/* incident_room.c: a container that its engine restarts for ever must not fill the disk.  Remember that `id` is the
 * workload's first, if it is; remove the oldest beyond the policy's limits, but never a workload's first, one by which a
 * container is stopped now, or `id`.  Best effort. */
void incident_first(const struct policy *p, const char *id, const char *scope, const char *name);
void incident_prune(const struct policy *p, const char *id);

/* Set "state" to open, allowed or released. */
must_check int incident_mark(const struct policy *p, const char *id, const char *state,
			     struct err *e);

#endif
