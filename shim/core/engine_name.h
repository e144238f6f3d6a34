/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_name.h - what the names that engines give tell, and what they do not.
 *
 * Docker and podman make up a name where a person gives none; it is another one at each run, so
 * it names no workload.
 */
#ifndef THYMUS_ENGINE_NAME_H
#define THYMUS_ENGINE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* "quirky_hopper": an adjective of Docker's and a word, perhaps a digit. */
bool engine_name_is_made_up(const char *name);

/* "docker.io/library/nginx:1.25@sha256:..." -> "nginx".  False: it names nothing (an ID). */
bool engine_name_of_image(const char *reference, char *ret, size_t room);

/* The service NAME of a container called NAME.1.abc... (Swarm) or PROJECT-NAME-1 (Compose), if
 * `container` really bears it: labels alone may come from an image's author. */
bool engine_name_is_swarm(const char *container, const char *service);
bool engine_name_is_compose(const char *container, const char *project, const char *service);

/* CRI-O's k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT: into `name` and `space`, each of `room` bytes. */
bool engine_name_of_pod(const char *container, char *name, char *space, size_t room);

/* Any name -> [A-Za-z0-9._-]+, no dot at the beginning; others become '_'. */
void engine_name_clean(const char *from, char *ret, size_t room);

#endif
