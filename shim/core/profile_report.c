/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile_report.h"

#include <stdio.h>
#include <string.h>

#include "budget.h"
#include "calls.h"
#include "profile_diff.h"
#include "table.h"
#include "when.h"

struct sums {
	u64 calls, seconds, starts, stops, lost;
};

static struct sums sums_of(const struct profile *p)
{
	struct sums s = { 0 };

	for (u32 i = 0; i < p->ncontributors; i++) {
		const struct contributor *c = &p->contributors[i];

		s.calls += c->calls;
		s.seconds += c->seconds;
		/* a late one's start was not seen, an allowed incident has none */
		s.starts += !c->late && c->calls > 0;
		s.stops += c->stopped;
		s.lost += c->lost;
	}
	return s;
}

static bool set_number(struct json *row, const char *key, u64 number)
{
	return json_set(row, key, json_num((long long)number));
}

static bool add_tier(struct json *tiers, u32 tier, const struct evidence *e, bool ready)
{
	struct json *row = json_add(tiers, json_new(JSON_OBJECT));

	return set_number(row, "tier", tier) && set_number(row, "units", e->units) &&
	       set_number(row, "private", e->private_units) &&
	       json_set(row, "rate", json_real(e->rate)) &&
	       json_set(row, "upper", json_real(e->upper)) &&
	       json_set(row, "ready", json_flag(ready));
}

static bool add_evidence(const struct profile *p, const struct policy *policy, struct json *row)
{
	struct json *tiers = json_set(row, "tiers", json_new(JSON_ARRAY));
	auto_buf lacks = { 0 };
	u8 classes[CALLS_MAX];
	u32 ready;

	calls_classes(classes, (const char *const *)policy->floor_lift);
	ready = profile_lacks(p, policy, classes, &lacks);
	for (u32 tier = 1; tier <= 3; tier++) {
		struct evidence e = profile_evidence(p, tier, classes);

		if (!add_tier(tiers, tier, &e, ready & (1u << tier)))
			return false;
	}
	return !lacks.failed && json_set(row, "lacks", json_str(lacks.text ? lacks.text : ""));
}

struct json *profile_report(const struct profile *p, const struct policy *policy)
{
	auto_of(json) struct json *row = json_new(JSON_OBJECT);
	struct sums s = sums_of(p);

	if (!json_set(row, "scope", json_str(p->scope)) ||
	    !json_set(row, "name", json_str(p->name)) ||
	    !json_set(row, "image", json_str(p->image)) ||
	    !json_set(row, "arch", json_str(p->arch)) ||
	    !json_set(row, "state", json_str(profile_state_name(p->state))) ||
	    !json_set(row, "why", json_str(p->why)) || !set_number(row, "version", p->version) ||
	    !set_number(row, "order", p->order) ||
	    /* [0] is nobody */
	    !set_number(row, "programs", p->nprograms ? p->nprograms - 1 : 0) ||
	    !set_number(row, "grams", model_count(p->model)) ||
	    !set_number(row, "calls", s.calls) || !set_number(row, "seconds", s.seconds) ||
	    !set_number(row, "starts", s.starts) || !set_number(row, "stops", s.stops) ||
	    !set_number(row, "lost", s.lost) || !add_evidence(p, policy, row))
		return NULL;
	return STEAL(row);
}

static const char *word(const struct json *row, const char *key)
{
	const char *text = json_string(json_get(row, key));

	return text ? text : "";
}

static unsigned long long number(const struct json *row, const char *key)
{
	unsigned long long value = 0;

	return json_u64(json_get(row, key), &value) ? value : 0;
}

void profile_rows_text(const struct json *rows, bool terminal, struct buf *to)
{
	static const char *const heading[] = { "PROFILE", "IMAGE", "STATE", "VERSION", "PROGRAMS",
					       "GRAMS", "SECONDS", "STARTS", "LOST", "LACKS" };
	auto_table t = { .columns = sizeof(heading) / sizeof(heading[0]) };

	for (unsigned i = 0; i < t.columns; i++)
		table_cell(&t, heading[i]);
	for (const struct json *v = rows->child; v; v = v->next) {
		auto_buf name = { 0 };

		buf_printf(&name, "%s%s%s", word(v, "scope"), *word(v, "scope") ? "/" : "",
			   word(v, "name"));
		table_cell(&t, name.text);
		table_cell(&t, word(v, "image"));
		table_cell(&t, word(v, "state"));
		table_number(&t, number(v, "version"));
		table_number(&t, number(v, "programs"));
		table_number(&t, number(v, "grams"));
		table_number(&t, number(v, "seconds"));
		table_number(&t, number(v, "starts"));
		table_number(&t, number(v, "lost"));
		table_cell(&t, word(v, "lacks"));
	}
	table_emit(&t, terminal, to);
}

static void tiers_text(const struct json *report, struct buf *to)
{
	for (const struct json *v = json_get(report, "tiers")->child; v; v = v->next) {
		const struct json *upper = json_get(v, "upper");
		auto_buf rate = { 0 };

		budget_rate_text(upper ? strtod(upper->text, NULL) : 1, &rate);
		buf_printf(to,
			   "tier %llu       %llu of %llu seconds had something new: %s at most%s\n",
			   number(v, "tier"), number(v, "private"), number(v, "units"),
			   rate.text ? rate.text : "?",
			   json_is_true(json_get(v, "ready")) ? ", ready" : "");
	}
}

static void teachers_text(const struct profile *p, struct buf *to)
{
	char when[32];

	for (u32 i = 0; i < p->ncontributors; i++) {
		const struct contributor *c = &p->contributors[i];

		when_text(c->started, when);
		buf_puts(to, "taught by    ");
		text_clean(to, c->container);
		buf_printf(to, ", %s", when);
		if (c->calls)
			buf_printf(to, ": %llu s, %llu calls, %llu lost%s%s",
				   (unsigned long long)c->seconds, (unsigned long long)c->calls,
				   (unsigned long long)c->lost, c->late ? ", attached late" : "",
				   c->stopped ? "" : ", end not seen");
		buf_puts(to, "\n");
	}
}

void profile_report_text(const struct profile *p, const struct policy *policy, struct buf *to)
{
	auto_of(json) struct json *report = profile_report(p, policy);

	if (!report) {
		to->failed = true;
		return;
	}
	text_clean(to, p->scope);
	buf_puts(to, "/");
	text_clean(to, p->name);
	buf_printf(to, ", %s", profile_state_name(p->state));
	if (*p->why)
		buf_puts(to, ": ");
	text_clean(to, p->why);
	buf_puts(to, "\nimage        ");
	text_clean(to, p->image);
	buf_printf(to, "\nversion      %u, n-grams up to %u calls, %s\n", p->version, p->order,
		   p->arch);
	buf_printf(to,
		   "learned      %llu n-grams from %llu calls in %llu s, %llu starts, %llu stops\n",
		   number(report, "grams"), number(report, "calls"), number(report, "seconds"),
		   number(report, "starts"), number(report, "stops"));
	if (*word(report, "lacks")) {
		buf_puts(to, "lacks        ");
		text_clean(to, word(report, "lacks"));
		buf_puts(to, "\n");
	}
	tiers_text(report, to);
	teachers_text(p, to);
	for (u32 i = 1; i < p->nprograms; i++) {
		buf_puts(to, "program      ");
		profile_program_text(&p->programs[i], to);
		buf_puts(to, "\n");
	}
}
