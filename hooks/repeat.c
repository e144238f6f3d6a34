/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "repeat.h"

#include <stdio.h>

#include "document.h"
#include "journal.h"

enum { IDLE_MOST = 10 }; /* intervals: who comes back after so many is news again */

void repeat_pass(struct monitor *m, bool learned)
{
	m->shared->repeat_known++;
	m->shared->repeat_learned |= learned;
}

bool repeat_is_first(struct monitor *m, const struct event *ev, u64 gram, u64 acting)
{
	struct repeat *room = NULL;

	for (u32 i = 0; i < REPEATS; i++) {
		struct repeat *r = &m->shared->repeat[i];

		if (r->event.kind == 0) {
			room = room ? room : r;
		} else if (r->gram == gram && r->acting == acting && r->event.kind == ev->kind) {
			r->count++;
			r->kernel = 1; /* the sensor had forgotten it, and counts anew */
			m->shared->repeat_known++;
			return false;
		}
	}
	if (!room)
		return false;
	*room = (struct repeat){ .gram = gram, .acting = acting, .event = *ev, .first = unix_now(), .kernel = 1 };
	m->shared->repeat_known++;
	return true;
}

/* What the sensor counted since it was last asked. */
static void ask(struct monitor *m, struct repeat *r)
{
	u64 now = r->event.kind == EVENT_EXEC ? 0 : tenant_told(m->tenant, r->gram, r->acting);

	if (now > r->kernel) {
		r->count += (u32)(now - r->kernel);
		m->shared->repeat_known += now - r->kernel;
		r->kernel = now;
	}
}

static void write_one(struct monitor *m, struct repeat *r, u64 seconds)
{
	struct deviation d = { .event = r->event };
	char what[WORDS], words[WORDS + 64];
	struct json *doc = document_begin(m, r->event.verdict, r->event.tgid, r->event.tid);
	const struct seen *s = document_seen(m, r->event.program);
	struct err e;

	if (r->event.kind == EVENT_EXEC)
		snprintf(what, sizeof(what), "a process executed %.500s, which this workload was never seen to execute", s->path);
	else
		document_words(m, &d, what);
	snprintf(words, sizeof(words), "%s; %u times more in %llu s", what, r->count, (unsigned long long)seconds);
	json_set(doc, "type", json_str("repeat"));
	json_set(doc, "program", document_program(s));
	if (r->event.kind != EVENT_EXEC)
		json_set(doc, "call", document_call_name(r->event.abi, r->event.call));
	json_set(doc, "first", json_num((long long)r->first));
	json_set(doc, "count", json_num(r->count));
	json_set(doc, "seconds", json_num((long long)seconds));
	json_set(doc, "words", json_str(words));
	(void)!journal_append(&m->plan->policy, doc, &e);
	json_free(doc);
}

/* Those without an entry: all that the sensor met, but for the known ones. */
static void write_rest(struct monitor *m, u64 total, u64 seconds)
{
	const struct shared *h = m->shared;
	u64 met = total - h->repeat_total;
	char words[128];

	if (h->repeat_learned || met <= h->repeat_known)
		return;
	snprintf(words, sizeof(words), "%llu more deviations in %llu s were counted, and not written",
		 (unsigned long long)(met - h->repeat_known), (unsigned long long)seconds);
	monitor_journal(m, "flood", words);
}

void repeat_write(struct monitor *m, bool last)
{
	u64 now = unix_now(), total = m->row->deviations, seconds;
	struct shared *h = m->shared;

	if (h->repeat_since == 0)
		h->repeat_since = now;
	seconds = now - h->repeat_since;
	if (!last && seconds < m->plan->policy.limits.repeat_seconds)
		return;
	for (u32 i = 0; i < REPEATS; i++) {
		struct repeat *r = &h->repeat[i];

		if (r->event.kind == 0)
			continue;
		ask(m, r);
		if (r->count) {
			write_one(m, r, seconds);
			r->count = r->idle = 0;
		} else if (++r->idle >= IDLE_MOST) {
			tenant_tell_again(m->tenant, r->gram, r->acting);
			r->event.kind = 0;
		}
	}
	write_rest(m, total, seconds);
	h->repeat_since = now;
	h->repeat_total = total;
	h->repeat_known = 0;
	h->repeat_learned = false;
}
