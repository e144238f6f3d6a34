/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence.h - /proc of a process that deviated, before it is gone: proc(5).
 *
 * All of it is the container's to forge but the kernel's own facts (paths of open files, maps); it
 * is evidence for a person, never input to a decision.  Bounded.
 */
#ifndef THYMUS_EVIDENCE_H
#define THYMUS_EVIDENCE_H

#include <sys/types.h>

#include "json.h"

/* {"command", "parents", "files", "maps", "cut"}; parents up to the container's `init`; together at most 256 KiB, and "cut"
 * tells when there was more.  NULL: no memory. */
struct json *evidence_of(pid_t pid, pid_t init);

#endif
