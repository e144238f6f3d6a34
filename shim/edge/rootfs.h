/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rootfs.h - files inside a hostile root folder: openat2(2), RESOLVE_IN_ROOT. */
#ifndef THYMUS_ROOTFS_H
#define THYMUS_ROOTFS_H

/* Open `path` for reading as a process whose root is `root` (a descriptor, O_PATH will do) would; symlinks stay
 * inside.  The descriptor, or -1 with errno. */
int rootfs_open(int root, const char *path);

/* The same for a path as the kernel gives it, which has no symlinks: one that was put there since is not followed
 * (ELOOP). */
int rootfs_open_exact(int root, const char *path);

#endif
