/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace.h - what a container did, as text, without verdicts: docs/TRACE.md.
 *
 *   # key=value      header
 *   @MS              milliseconds since the first event
 *   t I COMM         thread I (a small index) is first seen
 *   f I J            thread I made J (J may be an index used before: a new life)
 *   x I PATH [NAME [FLAGS]]  thread I executed PATH under NAME; flags: c content is not the
 *                    image's, s exec session
 *   r I PATH [NAME [FLAGS]]  thread I runs PATH: told where its execution was lost
 *   s I              thread I enters a signal handler
 *   e I              thread I ended
 *   l I N            N events of thread I were lost here
 *   g I              thread I moved a process out of the container's cgroup
 *   I NR [COUNT]     thread I entered call NR, COUNT times in a row
 *   I c:NR, I x:NR   the same in the compat or x32 ABI
 *   I f:NR           the same with register values that no profile can teach
 */
#ifndef THYMUS_TRACE_H
#define THYMUS_TRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "calls.h"
#include "err.h"

#define TRACE_TEXT    1024
#define TRACE_NAME    256
#define TRACE_THREADS (1u << 20) /* above any index that a recorder gives */

enum trace_kind {
	TRACE_HEADER,
	TRACE_TIME,
	TRACE_THREAD,
	TRACE_FORK,
	TRACE_EXEC,
	TRACE_RUNS,
	TRACE_SIGNAL,
	TRACE_EXIT,
	TRACE_LOST,
	TRACE_LEFT,
	TRACE_CALL,
	TRACE_FLOOR
};

struct trace_line {
	enum trace_kind kind;
	u32  thread, other;   /* I, J */
	u64  value;           /* milliseconds, lost */
	u32  call, count;
	enum abi abi;
	bool changed, session; /* x, r: flags */
	char text[TRACE_TEXT]; /* COMM or PATH or header line, decoded */
	char name[TRACE_NAME]; /* x, r: NAME, the last part of PATH when absent */
};

/* Parse one line (without its newline).  In COMM, PATH and NAME blanks, control bytes and '%' are
 * written as %XX. */
must_check int trace_parse(const char *line, size_t len, struct trace_line *ret, struct err *e);
void trace_emit(const struct trace_line *l, struct buf *to);

#endif
