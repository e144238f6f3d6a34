/* SPDX-License-Identifier: GPL-2.0-or-later */
/* document.c - a verdict as a JSON object, and in words. */
#include "document.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "calls.h"
#include "verdict.h"

static struct json *token_names(u64 window, u32 n)
{
	struct json *list = json_new(JSON_ARRAY);
	char room[32];

	while (n-- > 0)
		json_add(list, json_str(calls_token_name((u32)(window >> (GRAM_BITS * n)) & GRAM_TOKEN, room)));
	return list;
}

static struct json *history_names(const u16 *history, u32 calls)
{
	struct json *list = json_new(JSON_ARRAY);
	char room[32];

	for (u32 i = HISTORY - (calls < HISTORY ? calls : HISTORY); i < HISTORY; i++)
		if (history[i])
			json_add(list, json_str(calls_token_name(history[i], room)));
	return list;
}

static void add_gram(struct json *list, const char *mark, u64 window, u32 n)
{
	auto_buf text = { 0 };

	buf_puts(&text, mark);
	for (u32 i = n; i-- > 0;)
		buf_printf(&text, "%u%s", (u32)(window >> (GRAM_BITS * i)) & GRAM_TOKEN, i ? "." : "");
	if (text.text)
		json_add(list, json_str(text.text));
}

/* Every n-gram that is missing from the profile for this call to be calm. */
static struct json *missing_grams(const struct deviation *d, u32 order)
{
	struct json *list = json_new(JSON_ARRAY);
	u32 length = gram_length(d->window, order), acting = gram_length(d->acting, ACTING_ORDER);

	if (d->event.verdict & (VERDICT_FLOOR | VERDICT_ABI | VERDICT_LEFT))
		return list;
	for (u32 n = d->depth + 1; n <= length; n++)
		add_gram(list, "", d->window, n);
	if (d->event.verdict & (VERDICT_PAIR | VERDICT_TRIPLE))
		for (u32 n = d->acting_depth + 1; n <= acting; n++)
			add_gram(list, "~", d->acting, n);
	return list;
}

const struct seen *document_seen(const struct monitor *m, u32 local)
{
	return &m->shared->seen[local % GRAM_PROGRAMS];
}

struct json *document_program(const struct seen *s)
{
	struct json *o = json_new(JSON_OBJECT);

	json_set(o, "path", json_str(s->path));
	json_set(o, "name", json_str(s->name));
	json_set(o, "session", json_flag(s->session));
	return o;
}

static struct json *verdict_list(u32 verdict)
{
	struct json *list = json_new(JSON_ARRAY);
	auto_buf words = { 0 };
	char *save = NULL;

	verdict_words(verdict, &words);
	for (char *w = words.text ? strtok_r(words.text, ",", &save) : NULL; w; w = strtok_r(NULL, ",", &save))
		json_add(list, json_str(w));
	return list;
}

/* What all documents begin with. */
struct json *document_begin(struct monitor *m, u32 verdict, u32 pid, u32 tid)
{
	const struct plan *p = m->plan;
	struct json *doc = json_new(JSON_OBJECT), *o = json_new(JSON_OBJECT);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_set(doc, "when", json_real((double)now.tv_sec + (double)(now.tv_nsec / 1000000) / 1000.0));
	json_set(o, "id", json_str(p->id));
	json_set(o, "root", json_str(p->root));
	json_set(o, "bundle", json_str(p->bundle));
	json_set(doc, "container", o);
	o = json_new(JSON_OBJECT);
	json_set(o, "file", json_str(p->profile));
	json_set(o, "scope", json_str(p->who.scope));
	json_set(o, "name", json_str(p->who.name));
	json_set(o, "image", json_str(p->who.image));
	json_set(o, "version", json_num(m->profile ? m->profile->version : 0));
	json_set(doc, "profile", o);
	json_set(doc, "tier", json_num((long long)verdict_tier(verdict)));
	json_set(doc, "verdict", verdict_list(verdict));
	o = json_new(JSON_OBJECT);
	json_set(o, "pid", json_num(pid));
	json_set(o, "tid", json_num(tid));
	json_set(doc, "thread", o);
	return doc;
}

struct json *document_call_name(u32 abi, u32 call)
{
	struct json *o = json_new(JSON_OBJECT);
	char room[32];

	json_set(o, "abi", json_str(calls_abi_name(abi)));
	json_set(o, "number", json_num(call));
	json_set(o, "name", json_str(calls_name(abi, call, room)));
	return o;
}

void document_words(const struct monitor *m, const struct deviation *d, char words[WORDS])
{
	const struct seen *s = document_seen(m, d->event.program);
	char room[32];
	const char *call = calls_name(d->event.abi, d->event.call, room);
	const char *what = d->event.verdict & VERDICT_CALL ? "made a system call it was never seen to make" :
			   d->event.verdict & VERDICT_ABI ? "made a system call by a foreign ABI" :
			   d->event.verdict & VERDICT_FLOOR ? "made a system call that no profile can teach" :
			   d->event.verdict & VERDICT_LEFT ? "moved a process out of the container's cgroup" :
			   d->event.verdict & VERDICT_BIGRAM ? "made an acting call right after one that never preceded it" :
			   d->event.verdict & (VERDICT_PAIR | VERDICT_TRIPLE) ? "made acting calls in an order never seen" :
			   d->event.verdict & VERDICT_TRIGRAM ? "made an acting call after two that never preceded it" :
			   "strayed from its known sequences for too long";

	snprintf(words, WORDS, "%s %s: %s", s->used ? s->path : "a process", what,
		 d->event.verdict & VERDICT_LEFT ? "" : call);
}

/* From a call's deviation. */
struct json *document_call(struct monitor *m, const struct deviation *d, const char *words)
{
	struct json *doc = document_begin(m, d->event.verdict, d->event.tgid, d->event.tid);
	bool acting = !(d->event.verdict & (VERDICT_CALL | VERDICT_BIGRAM)) && d->event.verdict & (VERDICT_PAIR | VERDICT_TRIPLE);
	u32 depth = acting ? d->acting_depth : d->depth;
	u64 window = acting ? d->acting : d->window;
	u32 length = gram_length(window, acting ? ACTING_ORDER : m->row->order);
	u32 unseen = depth + 1 < length ? depth + 1 : length;

	json_set(doc, "program", document_program(document_seen(m, d->event.program)));
	json_set(doc, "call", document_call_name(d->event.abi, d->event.call));
	/* the run that is known, then the same with the call where it parts */
	json_set(doc, "known", token_names(unseen ? window >> GRAM_BITS : 0, unseen ? unseen - 1 : 0));
	json_set(doc, "unseen", token_names(window, unseen));
	json_set(doc, "calls", history_names(d->history, d->calls));
	json_set(doc, "grams", missing_grams(d, m->row->order));
	json_set(doc, "words", json_str(words));
	return doc;
}

struct json *document_exec(struct monitor *m, const struct execution *x, const char *sha256, bool upper,
				  const char *words)
{
	struct json *doc = document_begin(m, x->event.verdict, x->event.tgid, x->event.tid), *o;
	const struct seen *s = document_seen(m, x->event.program);

	o = json_new(JSON_OBJECT);
	json_set(o, "path", json_str(s->path));
	json_set(o, "name", json_str(s->name));
	json_set(o, "sha256", json_str(sha256));
	json_set(o, "upper", json_flag(upper));
	json_set(doc, "executed", o);
	json_set(doc, "program", document_program(s));
	json_set(doc, "call", document_call_name(ABI_NATIVE, (u32)calls_number("execve")));
	json_set(doc, "known", json_new(JSON_ARRAY));
	json_set(doc, "unseen", json_new(JSON_ARRAY));
	json_set(doc, "calls", history_names(x->history, x->calls));
	json_set(doc, "grams", json_new(JSON_ARRAY));
	json_set(doc, "words", json_str(words));
	return doc;
}
