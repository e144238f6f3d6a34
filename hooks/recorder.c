/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recorder.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "monitor.h"
#include "room.h"
#include "trace.h"
#include "trace_room.h"
#include "verdict.h"

/* A thread as the trace knows it, by tid. */
struct entry {
	u32 tid;     /* 0: free */
	u32 index;   /* in the trace */
	u32 program; /* local index that the trace has told */
	u64 ordinal; /* calls of this life so far */
	bool ended;  /* the next event of this tid is another life's */
};

enum { ASK_BYTES = 256 << 10 }; /* written between two looks at what all traces take */

struct recorder {
	int  fd;
	const struct policy *policy;
	u64  size, asked;      /* bytes of the file; and when the others were last looked at */
	char ended[256];       /* in words: why before its container; "" it has not */
	bool told;
	struct buf text;
	struct entry *entries; /* open addressing */
	u32  room, used, next;
	u64  first;            /* ns of the first event */
	u64  told_ms;
	struct trace_line held; /* a call that may repeat */
	bool holding;
};

static u32 slot_of(const struct recorder *r, u32 tid)
{
	u32 at = (tid * 2654435761u) & (r->room - 1);

	while (r->entries[at].tid && r->entries[at].tid != tid)
		at = (at + 1) & (r->room - 1);
	return at;
}

static bool grow(struct recorder *r)
{
	struct recorder old = *r;

	r->room = old.room ? old.room * 2 : 1024;
	r->entries = calloc(r->room, sizeof(*r->entries));
	if (!r->entries) {
		*r = old;
		return false;
	}
	for (u32 i = 0; i < old.room; i++)
		if (old.entries[i].tid)
			r->entries[slot_of(r, old.entries[i].tid)] = old.entries[i];
	free(old.entries);
	return true;
}

/* Tids are reused, lives are not: `fresh` begins one. */
static struct entry *entry_of(struct recorder *r, u32 tid, bool fresh)
{
	if (r->used * 2 >= r->room && !grow(r))
		return NULL;
	struct entry *en = &r->entries[slot_of(r, tid)];
	if (en->tid == 0) {
		r->used++;
		fresh = true;
	}
	if (fresh || en->ended)
		*en = (struct entry){ .tid = tid, .index = r->next++ };
	return en;
}

static void flush_held(struct recorder *r)
{
	if (r->holding)
		trace_emit(&r->held, &r->text);
	r->holding = false;
}

static void emit(struct recorder *r, const struct trace_line *l)
{
	flush_held(r);
	trace_emit(l, &r->text);
}

static void tell_time(struct recorder *r, u64 when)
{
	u64 ms = (when - r->first) / 1000000u / 10 * 10;

	if (ms == r->told_ms)
		return;
	r->told_ms = ms;
	emit(r, &(struct trace_line){ .kind = TRACE_TIME, .value = ms });
}

static void tell_program(struct recorder *r, struct monitor *m, struct entry *en, u32 local, enum trace_kind kind)
{
	const struct seen *s = &m->shared->seen[local % GRAM_PROGRAMS];
	struct trace_line l = { .kind = kind, .thread = en->index, .session = s->session };

	snprintf(l.text, sizeof(l.text), "%s", s->used ? s->path : "?");
	snprintf(l.name, sizeof(l.name), "%s", s->used ? s->name : "?");
	/* a known path whose content is not what the profile's file was: the sensor gave it another index */
	l.changed = m->profile && m->row->profile_program[local % GRAM_PROGRAMS] == 0 &&
		    profile_program(m->profile, l.text, l.name, l.session) != 0;
	en->program = local;
	emit(r, &l);
}

static void tell_call(struct recorder *r, const struct entry *en, const struct event *ev)
{
	enum trace_kind kind = ev->verdict & VERDICT_FLOOR ? TRACE_FLOOR : TRACE_CALL;

	if (r->holding && kind == TRACE_CALL && r->held.kind == TRACE_CALL && r->held.thread == en->index &&
	    r->held.call == ev->call && r->held.abi == (enum abi)ev->abi) {
		r->held.count++;
		return;
	}
	flush_held(r);
	r->held = (struct trace_line){ .kind = kind, .thread = en->index, .call = ev->call, .count = 1, .abi = (enum abi)ev->abi };
	r->holding = true;
}

static void note(struct monitor *m, struct entry *en, u32 verdict)
{
	if (verdict == 0)
		return;
	verdict_hash_step(&m->shared->verdict_hash, en->index, en->ordinal, verdict);
	m->shared->verdicts++;
}

void recorder_event(struct recorder *r, struct monitor *m, const struct event *ev)
{
	struct entry *en = r->ended[0] ? NULL : entry_of(r, ev->tid, false);

	if (!en)
		return;
	if (r->first == 0)
		r->first = ev->when;
	tell_time(r, ev->when);
	switch (ev->kind) {
	case EVENT_FORK: {
		struct entry *child = entry_of(r, ev->call, true);

		en = entry_of(r, ev->tid, false); /* the table may have moved */
		if (!child || !en)
			return;
		child->program = en->program;
		emit(r, &(struct trace_line){ .kind = TRACE_FORK, .thread = en->index, .other = child->index });
		break;
	}
	case EVENT_EXEC:
		tell_program(r, m, en, ev->program, TRACE_EXEC);
		break;
	case EVENT_SIGNAL:
		emit(r, &(struct trace_line){ .kind = TRACE_SIGNAL, .thread = en->index });
		break;
	case EVENT_EXIT:
		emit(r, &(struct trace_line){ .kind = TRACE_EXIT, .thread = en->index });
		en->ended = true;
		break;
	case EVENT_LOST:
		emit(r, &(struct trace_line){ .kind = TRACE_LOST, .thread = en->index, .value = ev->call });
		if (en->program != ev->program)
			tell_program(r, m, en, ev->program, TRACE_RUNS);
		break;
	default:
		if (ev->verdict & VERDICT_LEFT) {
			emit(r, &(struct trace_line){ .kind = TRACE_LEFT, .thread = en->index });
			break;
		}
		en->ordinal++;
		m->shared->recorded++;
		tell_call(r, en, ev);
	}
	/* what an allowed program does is told, so that it is learned, and not judged */
	if (!m->row->open[ev->program % GRAM_PROGRAMS] || ev->verdict & ~VERDICT_CALL)
		note(m, en, ev->verdict);
	if (r->text.len > 1u << 20)
		recorder_flush(r);
}

/* The last line that a reader finds is a whole one. */
static void end_early(struct recorder *r, const char *words)
{
	static const char last[] = "# cut=1\n";

	snprintf(r->ended, sizeof(r->ended), "the trace is cut: %.200s", words);
	if (ftruncate(r->fd, (off_t)r->size) < 0 || lseek(r->fd, 0, SEEK_END) < 0 || write(r->fd, last, sizeof(last) - 1) < 0)
		return; /* a full disk: the journal says it */
}

static bool has_room(struct recorder *r)
{
	u64 most = (u64)r->policy->limits.trace_mib << 20;
	char words[128];
	struct err e;

	if (r->size + r->text.len <= most && r->size + r->text.len < r->asked + ASK_BYTES)
		return true;
	if (r->size + r->text.len > most || !trace_room(r->policy, r->text.len)) {
		snprintf(words, sizeof(words), "traces take %u MiB (policy: limits.trace_mib)", r->policy->limits.trace_mib);
		end_early(r, words);
		return false;
	}
	if (room_left(r->policy, r->policy->traces, &e) < 0) {
		end_early(r, e.text);
		return false;
	}
	r->asked = r->size + r->text.len;
	return true;
}

void recorder_flush(struct recorder *r)
{
	off_t end = lseek(r->fd, 0, SEEK_CUR); /* the monitor before us wrote, too */
	size_t at = 0;

	flush_held(r);
	r->size = end < 0 ? r->size : (u64)end;
	while (!r->ended[0] && r->text.len > 0 && (at > 0 || has_room(r)) && at < r->text.len) {
		ssize_t n = write(r->fd, r->text.text + at, r->text.len - at);
		struct err e;

		if (n < 0 && errno != EINTR) {
			(void)!fail(&e, errno, "%m");
			end_early(r, e.text);
			break;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	r->text.len = 0;
}

const char *recorder_ended(struct recorder *r)
{
	bool news = r->ended[0] && !r->told;

	r->told |= news;
	return news ? r->ended : NULL;
}

bool recorder_is_whole(const struct recorder *r)
{
	return r->ended[0] == '\0';
}

int recorder_open(const struct policy *p, const char *id, struct recorder **ret, struct err *e)
{
	char path[8192];
	struct recorder *r;
	int fd, rc = room_left(p, p->traces, e);

	if (rc == 0)
		rc = file_mkdirs(p->traces, e);
	if (rc < 0)
		return rc;
	if (!trace_room(p, 0))
		return fail(e, ENOSPC, "%s holds %u MiB of traces that are being written (policy: limits.trace_mib)", p->traces,
			    p->limits.trace_mib);
	snprintf(path, sizeof(path), "%s/%s.trace", p->traces, id);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(e, errno, "record a trace in %s: %m", path);
	trace_hold(fd);
	r = calloc(1, sizeof(*r));
	if (!r) {
		close(fd);
		return fail(e, ENOMEM, "out of memory");
	}
	r->fd = fd;
	r->policy = p;
	buf_printf(&r->text, "# format=thymus-trace-1\n# container=%s\n# realtime=%llu\n", id,
		   (unsigned long long)unix_now());
	recorder_flush(r); /* or keeper and monitor would both have it, and write it */
	*ret = r;
	return 0;
}

void recorder_end(struct recorder *r, u64 lost)
{
	flush_held(r);
	buf_printf(&r->text, "# lost=%llu\n", (unsigned long long)lost); /* those that no thread lived to tell, too */
	recorder_flush(r);
}

void recorder_close(struct recorder *r)
{
	if (!r)
		return;
	recorder_flush(r);
	file_close(r->fd);
	buf_done(&r->text);
	free(r->entries);
	free(r);
}
