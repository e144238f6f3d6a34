/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - profiles on disk: one file per workload, replaced atomically, changed under a lock.
 *
 * PROFILES/SCOPE/NAME@IMAGE.json (IMAGE cut to its first 19 characters); folders 0700, files 0600.
 * A change is: store_lock(), store_load(), change, store_save(), store_unlock(): ten
 * containers teaching at once lose nothing.
 */
#ifndef THYMUS_STORE_H
#define THYMUS_STORE_H

#include "policy.h"
#include "profile.h"

struct store_lock { int fd; };
#define auto_store_lock __attribute__((cleanup(store_unlock))) struct store_lock

/* Path of a workload's file into `ret`, for messages too. */
void store_path(const struct policy *p, const char *scope, const char *name, const char *image,
		char ret[4096]);

/* Advisory lock (flock on PATH.lock), waits up to 10 s.  Creates the folders. */
must_check int store_lock(const char *path, struct store_lock *ret, struct err *e);
void store_unlock(struct store_lock *l);

/* -ENOENT when there is none (`e` says so). */
must_check int store_load(const char *path, struct profile **ret, struct err *e);

/* Temporary file, fsync, rename, fsync of the folder. */
must_check int store_save(const char *path, const struct profile *p, struct err *e);

/* All profile files, sorted, malloc()ed, NULL-terminated. */
must_check int store_list(const struct policy *p, char ***ret, struct err *e);

/* Of the profiles that other images of the workload of `path` have, the newest, as "NAME@IMAGE"; "": none has. */
void store_predecessor(const struct policy *p, const char *path, char ret[200]);

/* Remove a profile and its lock, which the caller holds. */
must_check int store_remove(const char *path, struct err *e);

/* The file that a person means: NAME, NAME@IMAGE (or its beginning), SCOPE/NAME, or a path that
 * begins with / or a dot.  -ENOENT, or -EEXIST when several answer. */
must_check int store_find(const struct policy *p, const char *word, char ret[4096], struct err *e);

#endif
