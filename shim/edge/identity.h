/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identity.h - which workload is this?  Facts of the engine and of the image, never what the
 * container can forge (comm, a bare path, an environment variable).
 *
 * Scope: a rule of the policy ("tenant"); else the user of a rootless engine; else the Kubernetes namespace.
 * Name: a rule of the policy; else an admitted annotation; else the engine's (engine_facts.h): Swarm's or Compose's service,
 * the container's name unless the engine made it up, the image's; else the entry executable's base
 * name.  Image: the engine's digest, else the fingerprint of what is in the root.
 */
#ifndef THYMUS_IDENTITY_H
#define THYMUS_IDENTITY_H

#include "policy.h"
#include "spec.h"

struct identity {
	char scope[128]; /* policy's tenant, "uid-N" for rootless, Kubernetes namespace, else "default" */
	char name[128];  /* [A-Za-z0-9._-]+, others become '_' */
	char image[80];  /* "sha256-HEX" or "fp-HEX" */
	char arch[16];   /* "x86_64", "aarch64" */
	char source[96]; /* in words: where name and image came from */
	char trail[2048]; /* how: a line for each source that was asked, "WHAT<tab>used|not used<tab>SOURCE<tab>WORDS" */
};

/* `bundle` is the absolute bundle folder.  Falls back rather than fail; fails only when the rootfs
 * cannot be read at all. */
must_check int identity_of(const struct spec *s, const char *bundle, const struct policy *p,
			   struct identity *ret, struct err *e);

#endif
