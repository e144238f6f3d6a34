/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spec.h - what we read of, and write into, a config.json (OCI runtime-spec config.md).
 *
 * The document stays whole: keys that we do not know survive, and the runtime reads only our
 * re-emission, so that nobody can make us see one document and the runtime another.
 */
#ifndef THYMUS_SPEC_H
#define THYMUS_SPEC_H

#include <stdbool.h>

#include "json.h"

struct spec {
	struct json *doc;            /* owns everything below */
	const char  *oci_version;
	const char  *root_path;      /* root.path, as written */
	const char  *cgroups_path;   /* linux.cgroupsPath, may be NULL */
	const char  *entry;          /* process.args[0], may be NULL */
	bool         mount_namespace; /* a new one is asked for */
	const char  *mode;           /* annotation io.thymus.mode, NULL when absent: hostile */
	const char  *profile;        /* annotation io.thymus.profile, NULL when absent: hostile */
};

/* Parse and check: refuses what json_parse() refuses, keys that fold to one of the schema's
 * (spec_schema.h), and values of the wrong type where we read.  `ret` owns the document:
 * spec_done(). */
must_check int spec_parse(const char *text, size_t len, struct spec *ret, struct err *e);
void spec_done(struct spec *s);

/* The value of an annotation, NULL when absent. */
const char *spec_annotation(const struct spec *s, const char *key);

/* One hook to add: `path` absolute; `args` and `env` NULL-terminated, env may be NULL;
 * `timeout` in seconds. */
struct spec_hook {
	const char        *path;
	const char *const *args;
	const char *const *env;
	unsigned           timeout;
};

/* Put `hook` first in hooks.STAGE ("createRuntime", "poststart", "poststop").  Idempotent: an entry
 * of the same stage whose path is `hook->path` is replaced, so a bundle created twice has one. */
must_check int spec_add_hook(struct spec *s, const char *stage, const struct spec_hook *hook,
			     struct err *e);

#endif
