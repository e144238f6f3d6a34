/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_parse.c - text to profile, strict: whatever profile_emit() does not write is refused. */
#include <stdio.h>
#include <string.h>

#include "gram_line.h"

#define ROW(key, kind, of, member) { key, kind, true, offsetof(struct of, member) }

/* What the document says, before it is checked. */
struct head {
	const char *scope, *name, *image, *arch, *state, *why;
	unsigned format, version, order;
	struct json *proving_since, *proved, *enforced, *score_max, *programs, *contributors, *grams;
};

static const struct json_field head_fields[] = {
	ROW("format", JSON_K_UINT, head, format),
	ROW("scope", JSON_K_STR, head, scope),
	ROW("name", JSON_K_STR, head, name),
	ROW("image", JSON_K_STR, head, image),
	ROW("arch", JSON_K_STR, head, arch),
	ROW("state", JSON_K_STR, head, state),
	ROW("why", JSON_K_STR, head, why),
	ROW("version", JSON_K_UINT, head, version),
	ROW("order", JSON_K_UINT, head, order),
	ROW("proving_since", JSON_K_ANY, head, proving_since),
	ROW("proved", JSON_K_ANY, head, proved),
	{ "enforced", JSON_K_ANY, false, offsetof(struct head, enforced) },
	ROW("score_max", JSON_K_ANY, head, score_max),
	ROW("programs", JSON_K_ANY, head, programs),
	ROW("contributors", JSON_K_ANY, head, contributors),
	ROW("grams", JSON_K_ANY, head, grams),
	{ 0 }
};

struct program_row {
	const char *path, *name, *sha256;
	bool session;
	struct json *open_until;
};

static const struct json_field program_fields[] = {
	ROW("path", JSON_K_STR, program_row, path),
	ROW("name", JSON_K_STR, program_row, name),
	ROW("sha256", JSON_K_STR, program_row, sha256),
	ROW("session", JSON_K_BOOL, program_row, session),
	ROW("open_until", JSON_K_ANY, program_row, open_until),
	{ 0 }
};

struct contributor_row {
	const char *id, *container, *host;
	struct json *started, *seconds, *calls, *lost, *floor, *units;
	bool late, stopped;
	unsigned reloads;
};

static const struct json_field contributor_fields[] = {
	ROW("id", JSON_K_STR, contributor_row, id),
	ROW("container", JSON_K_STR, contributor_row, container),
	ROW("host", JSON_K_STR, contributor_row, host),
	ROW("started", JSON_K_ANY, contributor_row, started),
	ROW("seconds", JSON_K_ANY, contributor_row, seconds),
	ROW("calls", JSON_K_ANY, contributor_row, calls),
	ROW("lost", JSON_K_ANY, contributor_row, lost),
	ROW("floor", JSON_K_ANY, contributor_row, floor),
	ROW("late", JSON_K_BOOL, contributor_row, late),
	ROW("stopped", JSON_K_BOOL, contributor_row, stopped),
	ROW("reloads", JSON_K_UINT, contributor_row, reloads),
	ROW("units", JSON_K_ANY, contributor_row, units),
	{ 0 }
};

static int whole(const struct json *v, const char *key, u64 most, u64 *ret, struct err *e)
{
	unsigned long long value;

	if (!json_u64(v, &value) || value > most)
		return fail(e, EINVAL, "\"%s\" must be a whole number from 0 to %llu", key,
			    (unsigned long long)most);
	*ret = value;
	return 0;
}

static int expect_array(const struct json *v, const char *key, struct err *e)
{
	return v->type == JSON_ARRAY ? 0 : fail(e, EINVAL, "\"%s\" must be an array", key);
}

/* "programs[3]: " in front of what a row's reader said. */
static int fail_row(struct err *e, int rc, const char *array, size_t index)
{
	char where[48];

	snprintf(where, sizeof(where), "%s[%zu]", array, index);
	return fail_in(e, rc, where);
}

static int read_state(struct profile *p, const char *word, struct err *e)
{
	for (enum profile_state s = PROFILE_LEARNING; s <= PROFILE_SUSPECT; s++)
		if (strcmp(word, profile_state_name(s)) == 0) {
			p->state = s;
			return 0;
		}
	return fail(e, EINVAL,
		    "\"state\" is \"%.40s\", must be learning, proving, ready or suspect", word);
}

/* ---- programs ---- */

static int read_program(struct profile *p, const struct json *o, struct err *e)
{
	struct program_row row = { 0 };
	u64 open_until = 0;
	u32 index = 0;
	int rc = json_fill(o, program_fields, &row, e);

	if (rc == 0)
		rc = whole(row.open_until, "open_until", INT64_MAX, &open_until, e);
	if (rc < 0)
		return rc;
	if (!*row.path || !*row.name)
		return fail(e, EINVAL, "\"path\" and \"name\" must not be empty");
	if (*row.sha256 &&
	    (strlen(row.sha256) != 64 || strspn(row.sha256, "0123456789abcdef") != 64))
		return fail(e, EINVAL, "\"sha256\" must be 64 hexadecimal digits, or empty");
	if (profile_program(p, row.path, row.name, row.session))
		return fail(e, EINVAL, "%.100s as %.60s is there twice", row.path, row.name);
	rc = profile_add_program(p, row.path, row.name, row.session, &index, e);
	if (rc < 0)
		return rc;
	snprintf(p->programs[index].sha256, sizeof(p->programs[index].sha256), "%s", row.sha256);
	p->programs[index].open_until = open_until;
	return 0;
}

static int read_programs(struct profile *p, const struct json *array, struct err *e)
{
	size_t index = 0;
	int rc = expect_array(array, "programs", e);

	for (const struct json *v = array->child; v && rc == 0; v = v->next, index++) {
		rc = read_program(p, v, e);
		if (rc < 0)
			return fail_row(e, rc, "programs", index);
	}
	return rc;
}

/* ---- contributors ---- */

static int read_units(struct contributor *c, const struct json *array, u32 nprograms, struct err *e)
{
	u32 i = 1;
	int rc = expect_array(array, "units", e);

	for (const struct json *v = array->child; v && rc == 0; v = v->next, i++) {
		u64 value = 0;

		if (i >= nprograms)
			return fail(e, EINVAL,
				    "\"units\" has more numbers than there are programs");
		rc = whole(v, "units", UINT32_MAX, &value, e);
		c->units[i] = (u32)value;
	}
	if (rc == 0 && i != nprograms)
		return fail(e, EINVAL, "\"units\" has fewer numbers than there are programs");
	return rc;
}

static int read_numbers(struct contributor *c, const struct contributor_row *row, struct err *e)
{
	const struct { const struct json *from; const char *key; u64 *to; } numbers[] = {
		{ row->started, "started", &c->started }, { row->seconds, "seconds", &c->seconds },
		{ row->calls, "calls", &c->calls },       { row->lost, "lost", &c->lost },
		{ row->floor, "floor", &c->floor },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && rc == 0; i++)
		rc = whole(numbers[i].from, numbers[i].key, INT64_MAX, numbers[i].to, e);
	return rc;
}

/* `c` lies in the profile already, so that what it holds is freed with it. */
static int read_contributor(struct profile *p, struct contributor *c, const struct json *o,
			    struct err *e)
{
	struct contributor_row row = { 0 };
	u32 id = 0;
	int rc = json_fill(o, contributor_fields, &row, e);

	if (rc == 0)
		rc = gram_owner_id(row.id, &id, e);
	if (rc == 0)
		rc = read_numbers(c, &row, e);
	if (rc < 0)
		return rc;
	for (u32 i = 0; i + 1 < p->ncontributors; i++)
		if (p->contributors[i].id == id)
			return fail(e, EINVAL, "contributor %s is there twice", row.id);
	c->id = id;
	c->late = row.late;
	c->stopped = row.stopped;
	c->reloads = row.reloads;
	c->container = strdup(row.container);
	c->host = strdup(row.host);
	c->units = calloc(p->nprograms, sizeof(*c->units));
	if (!c->container || !c->host || !c->units)
		return fail(e, ENOMEM, "out of memory");
	return read_units(c, row.units, p->nprograms, e);
}

static int read_contributors(struct profile *p, const struct json *array, struct err *e)
{
	size_t count = 0, index = 0;
	int rc = expect_array(array, "contributors", e);

	for (const struct json *v = array->child; v; v = v->next)
		count++;
	if (rc < 0 || count == 0)
		return rc;
	p->contributors = calloc(count, sizeof(*p->contributors));
	if (!p->contributors)
		return fail(e, ENOMEM, "out of memory");
	for (const struct json *v = array->child; v; v = v->next, index++) {
		p->ncontributors++;
		rc = read_contributor(p, &p->contributors[index], v, e);
		if (rc < 0)
			return fail_row(e, rc, "contributors", index);
	}
	return 0;
}

/* ---- all of it ---- */

static int read_grams(struct profile *p, const struct json *array, struct err *e)
{
	size_t index = 0;
	int rc = expect_array(array, "grams", e);

	for (const struct json *v = array->child; v && rc == 0; v = v->next, index++) {
		rc = json_string(v) ? gram_line_read(p, v->text, e) :
				      fail(e, EINVAL, "must be a string");
		if (rc < 0)
			return fail_row(e, rc, "grams", index);
	}
	return rc;
}

static int read_head(struct profile *p, const struct head *h, struct err *e)
{
	u64 score_max = 0;
	int rc = read_state(p, h->state, e);

	if (rc == 0)
		rc = whole(h->proving_since, "proving_since", INT64_MAX, &p->proving_since, e);
	if (rc == 0)
		rc = whole(h->proved, "proved", INT64_MAX, &p->proved, e);
	if (rc == 0 && h->enforced)
		rc = whole(h->enforced, "enforced", INT64_MAX, &p->enforced, e);
	if (rc == 0)
		rc = whole(h->score_max, "score_max", SCORE_OFF - 1, &score_max, e);
	if (rc < 0)
		return rc;
	p->score_max = (s32)score_max;
	p->version = h->version;
	free(p->why);
	p->why = strdup(h->why);
	return p->why ? 0 : fail(e, ENOMEM, "out of memory");
}

static int check_format(const struct json *doc, struct err *e)
{
	unsigned long long format = 0;

	if (!json_u64(json_get(doc, "format"), &format) || format == PROFILE_FORMAT)
		return 0; /* json_fill() says what is no number */
	return fail(e, EINVAL, format > PROFILE_FORMAT ?
		    "\"format\" is %llu, this thymus reads %d: a newer one wrote it, install that, or learn the profile again" :
		    "\"format\" is %llu, this thymus reads %d: learn the profile again", format, PROFILE_FORMAT);
}

int profile_parse(const char *text, size_t len, struct profile **ret, struct err *e)
{
	auto_of(profile) struct profile *p = NULL;
	auto_of(json) struct json *doc = NULL;
	struct head h = { 0 };
	int rc;

	if (len > PROFILE_BYTES)
		return fail(e, EFBIG, "a profile of more than %u MiB", PROFILE_BYTES >> 20);
	rc = json_parse(text, len, 0, &doc, e);
	if (rc == 0) /* before the rest: a later format may have keys that this one does not know */
		rc = check_format(doc, e);
	if (rc == 0)
		rc = json_fill(doc, head_fields, &h, e);
	if (rc != 0)
		return rc;
	if (!*h.scope || !*h.name || !*h.arch)
		return fail(e, EINVAL, "\"scope\", \"name\" and \"arch\" must not be empty");
	rc = profile_new(h.scope, h.name, h.image, h.arch, h.order, &p, e);
	if (rc == 0)
		rc = read_head(p, &h, e);
	if (rc == 0)
		rc = read_programs(p, h.programs, e);
	if (rc == 0)
		rc = read_contributors(p, h.contributors, e);
	if (rc == 0)
		rc = read_grams(p, h.grams, e);
	if (rc < 0)
		return rc;
	*ret = STEAL(p);
	return 0;
}
