/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_replay.c - judge a recorded trace by a profile: the same verdicts as live, and their hash. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "options.h"
#include "out.h"
#include "profile_diff.h"
#include "replay.h"
#include "store.h"
#include "table.h"
#include "verdict.h"

#define FLUSH (1u << 16)

struct printer {
	const struct profile *profile;
	struct json *found; /* an array, with --json */
	struct buf text;
	bool failed;
};

static void printer_done(struct printer *p)
{
	json_free(p->found);
	buf_done(&p->text);
}

/* What the thread did there: a call's name, "<exec>", "<lost>" or "<left>". */
static const char *deed(const struct trace_line *l, char *room)
{
	switch (l->kind) {
	case TRACE_EXEC:
		return "<exec>";
	case TRACE_LOST:
		return "<lost>";
	case TRACE_LEFT:
		return "<left>";
	default:
		return calls_name(l->abi, l->call, room);
	}
}

/* The program that did it, or that was executed; false when nobody knows it. */
static bool program_text(const struct profile *p, const struct replay_event *ev, struct buf *to)
{
	if (ev->line->kind == TRACE_EXEC)
		text_clean(to, ev->line->text);
	else if (ev->thread->program)
		profile_program_text(&p->programs[ev->thread->program], to);
	else
		return false;
	return true;
}

static void print_line(struct printer *p, const struct replay_event *ev)
{
	char room[CALL_NAME];
	struct err e;

	buf_printf(&p->text, "%llu ms, thread %u, ", (unsigned long long)ev->ms, ev->line->thread);
	if (!program_text(p->profile, ev, &p->text))
		buf_puts(&p->text, "unknown program");
	buf_printf(&p->text, ": %s: ", deed(ev->line, room));
	verdict_words(ev->verdict, &p->text);
	buf_puts(&p->text, "\n");
	if (p->text.len < FLUSH)
		return;
	p->failed = p->failed || out_text(&p->text, &e) < 0;
	p->text.len = 0;
}

static struct json *verdict_array(u32 verdict)
{
	struct json *array = json_new(JSON_ARRAY);

	for (u32 bit = 0; bit < 32; bit++) {
		auto_buf word = { 0 };

		verdict_words(verdict & 1u << bit, &word);
		if (word.len)
			json_add(array, json_str(word.text));
	}
	return array;
}

static void print_object(struct printer *p, const struct replay_event *ev)
{
	struct json *o = json_add(p->found, json_new(JSON_OBJECT));
	auto_buf program = { 0 };
	char room[CALL_NAME];
	bool known = program_text(p->profile, ev, &program);

	if (!json_set(o, "ms", json_num((long long)ev->ms)) ||
	    !json_set(o, "thread", json_num(ev->line->thread)) ||
	    !json_set(o, "life", json_num(ev->life)) ||
	    !json_set(o, "ordinal", json_num((long long)ev->ordinal)) ||
	    !json_set(o, "program", known ? json_str(program.text) : json_new(JSON_NULL)) ||
	    !json_set(o, "call", json_str(deed(ev->line, room))) ||
	    !json_set(o, "abi", json_str(calls_abi_name(ev->line->abi))) ||
	    !json_set(o, "tier", json_num(verdict_tier(ev->verdict))) ||
	    !json_set(o, "verdict", verdict_array(ev->verdict)))
		p->failed = true;
}

static void on_found(void *ctx, const struct replay_event *ev)
{
	struct printer *p = ctx;

	if (p->found)
		print_object(p, ev);
	else
		print_line(p, ev);
}

static int replay_file(struct replay *r, const char *path, struct err *e)
{
	FILE *f = fopen(path, "re");
	auto_free char *line = NULL;
	size_t room = 0, number = 0;
	ssize_t len;
	int rc = 0;

	if (!f)
		return fail(e, errno, "open the trace %s: %m", path);
	while (rc == 0 && (len = getline(&line, &room, f)) > 0) {
		struct trace_line l;

		number++;
		rc = trace_parse(line, (size_t)len - (line[len - 1] == '\n'), &l, e);
		if (rc == 0)
			rc = replay_line(r, &l, e);
	}
	if (rc == 0 && ferror(f))
		rc = fail(e, EIO, "read failed");
	fclose(f);
	if (rc < 0) {
		char where[4200];

		snprintf(where, sizeof(where), "%s, line %zu", path, number);
		fail_in(e, rc, where);
	}
	return rc;
}

static int summary(struct printer *p, const struct replay *r, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	char hash[24];

	if (p->failed)
		return fail(e, EIO, "the deviations could not all be written");
	snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)r->hash);
	if (!p->found) {
		buf_printf(&p->text, "%llu calls, %llu deviations, hash %s\n",
			   (unsigned long long)r->calls, (unsigned long long)r->deviations, hash);
		return out_text(&p->text, e);
	}
	doc = json_new(JSON_OBJECT);
	if (!json_set(doc, "calls", json_num((long long)r->calls)) ||
	    !json_set(doc, "deviations", json_num((long long)r->deviations)) ||
	    !json_set(doc, "hash", json_str(hash)) || !json_set(doc, "found", STEAL(p->found)))
		return fail(e, ENOMEM, "out of memory");
	return out_json(doc, e);
}

int cmd_replay(int argc, char **argv, const struct policy *p, struct err *e)
{
	bool json = false;
	const struct option_row rows[] = { { "--json", &json, NULL }, { 0 } };
	__attribute__((cleanup(printer_done))) struct printer printer = { 0 };
	auto_of(profile) struct profile *profile = NULL;
	u8 classes[CALLS_MAX];
	struct replay r = { .classes = classes, .found = on_found, .ctx = &printer };
	char path[4096];
	int rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != 3)
		return fail(e, EINVAL, "usage: thymus replay [--json] PROFILE TRACE");
	if (rc == 0)
		rc = store_find(p, argv[1], path, e);
	if (rc == 0)
		rc = store_load(path, &profile, e);
	if (rc < 0)
		return rc;
	/* what this host lifts from the floor was lifted live as well */
	calls_classes(classes, (const char *const *)p->floor_lift);
	r.profile = printer.profile = profile;
	printer.found = json ? json_new(JSON_ARRAY) : NULL;
	replay_begin(&r);
	rc = replay_file(&r, argv[2], e);
	replay_done(&r);
	if (rc == 0)
		rc = summary(&printer, &r, e);
	return rc < 0 ? rc : r.deviations > 0;
}
