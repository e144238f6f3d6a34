/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * said.h - the document behind `thymus mode`: what a person said, for whom, when, and until when.
 *
 *   { "all": {"mode": "monitor", "until": 0, "since": 1767218400, "uid": 0, "user": "root", "by": "alice"},
 *     "names": {"shop-db": {..}, "blue/web": {..}}, "containers": {"0123456789abcdef": {.., "id": "web1"}},
 *     "timed": {"all": {..}, "names": {..}, "containers": {..}} }
 *
 * What stands at the top is kept over a reboot; what was said with --for stands under "timed" and is over at `until`.
 * `all` wins, for it is the one switch; then the container, by the name of its folder in RUN; then the workload
 * of that scope; then its name, whatever the scope.
 * For the same target what is timed goes before what is kept, which is in force again afterwards.
 */
#ifndef THYMUS_SAID_H
#define THYMUS_SAID_H

#include "json.h"
#include "policy.h"

/* For whom: both NULL: for all. */
struct said_for {
	const char *key;  /* of a container */
	const char *name; /* of a workload, or SCOPE/NAME, which no name holds */
};

/* Is all of it understood?  An entry that nobody understands must not pass for none. */
must_check int said_check(const struct json *doc, struct err *e);

/* The entry in force for a container that has this key (NULL: none yet) and name, and `*kind` of it (NULL: not asked for):
 * "all", "container" or "name"; NULL: nothing was said. */
const struct json *said_find(const struct json *doc, const struct said_for *whom, unsigned long long now, const char **kind);

/* Does anything that is in force ask for this mode, for whomever? */
bool said_asks(const struct json *doc, enum mode mode, unsigned long long now);

enum mode said_mode(const struct json *entry);

bool said_has_name(const struct json *doc, const char *name);

/* Put `entry` (owned from now on) in the place of what was said for that target; NULL: forget it, and for all: everything.
 * false: out of memory. */
bool said_put(struct json *doc, const struct said_for *whom, bool timed, struct json *entry);

/* Drop what is over, and containers that `keep` does not want. */
void said_sweep(struct json *doc, unsigned long long now, bool (*keep)(void *ctx, const struct json *entry), void *ctx);

/* In force now: [{"target": "all" | NAME | ID, "kind": "all" | "name" | "container", "timed", and the entry's}]. */
struct json *said_rows(const struct json *doc, unsigned long long now);

/* One of those rows, as `status` begins: `MODE monitor for all, said by root (alice) at .., 3 min ago, until ..`. */
void said_text(const struct json *row, unsigned long long now, struct buf *to);

#endif
