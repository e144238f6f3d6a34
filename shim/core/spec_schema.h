/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec_schema.h - the keys that runc knows, struct by struct (runtime-spec 1.0 to 1.2, config.md,
 * config-linux.md; specs-go/config.go).
 *
 * encoding/json takes "Root" for "root"; crun and we do not.  Where a struct of runc's is decoded,
 * a key that folds to a known one is written as that (runc's own tests have "CPU" beside "cpu"), and two that
 * contradict each other are refused; in free-form maps (annotations, sysctl, unified, names of rdma devices)
 * keys may differ in case as they like.
 */
#ifndef THYMUS_SPEC_SCHEMA_H
#define THYMUS_SPEC_SCHEMA_H

#include "json.h"

must_check int spec_schema_settle(struct json *doc, struct err *e);

#endif
