/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layer.h - is a file from the image, or could the container have written it?
 *
 * Overlayfs keeps what was written or changed since the image was unpacked in its upper folder
 * (the kernel's Documentation/filesystems/overlayfs.rst); a file is looked up there by its path.  On any other
 * root, or where the upper folder is not found, every file of that file system may be the container's own.
 */
#ifndef THYMUS_LAYER_H
#define THYMUS_LAYER_H

#include <stdbool.h>
#include <sys/types.h>

struct layer {
	int  root;  /* O_PATH of the container's root; not ours to close */
	int  upper; /* O_PATH of the upper folder, -1: none */
	bool whole; /* nothing tells what is the image's: all of the root's file system is the container's own */
};

/* `root`: O_PATH of what process `pid` sees mounted at `path`, which holds no symbolic link. */
void layer_open(pid_t pid, const char *path, int root, struct layer *ret);

/* LAYER_OPEN: nobody can tell, for it lies on a volume, or on a root that has no layers. */
enum layer_kind { LAYER_IMAGE, LAYER_OWN, LAYER_OPEN };

/* Where does `fd` lie, a file whose path in the container is `path`?  But for the image's, `sha256` is of its content,
 * and "" of what is larger than LAYER_HASHED: an execution waits meanwhile. */
#define LAYER_HASHED (16u << 20)
enum layer_kind layer_of(const struct layer *l, int fd, const char *path, char sha256[65]);

#endif
