/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layer.h - is a file from the image, or from the container's own writable layer?
 *
 * Overlayfs keeps what was written or changed since the image was unpacked in its upper folder
 * (the kernel's Documentation/filesystems/overlayfs.rst); a file is looked up there by its path.
 */
#ifndef THYMUS_LAYER_H
#define THYMUS_LAYER_H

#include <stdbool.h>
#include <sys/types.h>

/* The upper folder (O_PATH) of the overlay that process `pid` sees at `root`.  -1: no overlay, or a folder that cannot
 * be reached by its name. */
int layer_open(pid_t pid, const char *root);

/* Does `fd`, a file whose path in the container is `path`, lie in the overlay whose root is `root` and whose upper
 * folder is `upper` (-1: never)?  Then `sha256` is of its content, and "" of what is larger than LAYER_HASHED: an
 * execution waits meanwhile. */
#define LAYER_HASHED (16u << 20)
bool layer_has(int upper, int root, int fd, const char *path, char sha256[65]);

#endif
