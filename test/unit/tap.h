/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap.h - the whole unit-test framework: one line per fact, TAP on stdout. */
#ifndef THYMUS_TAP_H
#define THYMUS_TAP_H
#include <stdio.h>

static int tap_count, tap_failed;

#define ok(cond, ...)                                                   \
	do {                                                            \
		int ok_ = !!(cond);                                     \
		tap_failed += !ok_;                                     \
		printf("%sok %d - ", ok_ ? "" : "not ", ++tap_count);   \
		printf(__VA_ARGS__);                                    \
		puts("");                                               \
		if (!ok_)                                               \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond); \
	} while (0)

static inline int tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
#endif
