/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_facts.h - what the engine knows about a container and does not put into config.json.
 *
 * Read from the engine's own files, which are found from root.path and the bundle's folder; nobody
 * but root (or ourselves) may be able to write them.
 */
#ifndef THYMUS_ENGINE_FACTS_H
#define THYMUS_ENGINE_FACTS_H

#include "spec.h"

struct engine_facts {
	char name[256];      /* of the workload, "" when nothing tells */
	char space[256];     /* Kubernetes namespace, "" none */
	char digest[65];     /* SHA-256 of the image in hex, "" not known */
	bool sandbox;        /* a pod's own container: what its annotations ask for is meant for the others */
	const char *source;  /* in words */
};

/* `root` and `bundle`: absolute paths.  False: no engine that we know. */
bool engine_facts_read(const struct spec *s, const char *root, const char *bundle,
		       struct engine_facts *ret);

#endif
