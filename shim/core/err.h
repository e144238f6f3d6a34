/* SPDX-License-Identifier: GPL-2.0-or-later */
/* err.h - an error is a value: an errno for the program, a sentence for the human. */
#ifndef THYMUS_ERR_H
#define THYMUS_ERR_H

#include <errno.h>

struct err {
	char text[256];
};

/* Write the sentence, return -code: the whole failure path is `return fail(e, EINVAL, "...");`.
 * Never allocates, so there is nothing to free and out-of-memory can be reported too. */
int fail(struct err *e, int code, const char *fmt, ...)
	__attribute__((cold, nonnull(1), format(printf, 3, 4)));

/* Put "WHERE: " in front of what a callee said; returns `rc` unchanged. */
int fail_in(struct err *e, int rc, const char *where)
	__attribute__((cold, nonnull(1)));

#define must_check __attribute__((warn_unused_result))

#endif
