/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle.h - a bundle's config.json: read once, written back whole.
 *
 * Opened without following a link; it must be a regular file of the bundle folder's owner.  What
 * we write keeps mode and owner, and has nothing of ours but the hooks: `podman inspect` and
 * `runc state` show annotations.
 */
#ifndef THYMUS_BUNDLE_H
#define THYMUS_BUNDLE_H

#include <sys/types.h>

#include "spec.h"

struct bundle {
	int    fd;   /* the folder */
	char  *file; /* path of config.json, for messages */
	char  *text; /* config.json as found */
	size_t len;
	mode_t mode;
	uid_t  uid;
	gid_t  gid;
};

/* `path` NULL: the current folder. */
must_check int bundle_open(const char *path, struct bundle *ret, struct err *e);
void bundle_close(struct bundle *b);
#define auto_bundle __attribute__((cleanup(bundle_close))) struct bundle

/* Write `s` in place of the document it was parsed from; nothing when it is the same. */
must_check int bundle_write(const struct bundle *b, const struct spec *s, struct err *e);

#endif
