/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <string.h>

static const char *const state_names[] = { "learning", "proving", "ready", "suspect" };

const char *profile_state_name(enum profile_state s)
{
	size_t states = sizeof(state_names) / sizeof(state_names[0]);

	return (size_t)s < states ? state_names[s] : "unknown";
}

static int fill_new(struct profile *p, const char *const key[4], struct err *e)
{
	int rc = model_new(&p->model, e);

	if (rc < 0)
		return rc;
	p->scope = strdup(key[0]);
	p->name = strdup(key[1]);
	p->image = strdup(key[2]);
	p->arch = strdup(key[3]);
	p->why = strdup("");
	p->programs = calloc(1, sizeof(*p->programs));
	if (!p->scope || !p->name || !p->image || !p->arch || !p->why || !p->programs)
		return fail(e, ENOMEM, "out of memory");
	p->nprograms = 1;
	return 0;
}

int profile_new(const char *scope, const char *name, const char *image, const char *arch, u32 order,
		struct profile **ret, struct err *e)
{
	const char *const key[4] = { scope, name, image, arch };
	auto_of(profile) struct profile *p = NULL;
	int rc;

	if (order < 1 || order > GRAM_ORDER_MAX)
		return fail(e, ERANGE, "order is %u, must be 1..%d", order, GRAM_ORDER_MAX);
	p = calloc(1, sizeof(*p));
	if (!p)
		return fail(e, ENOMEM, "out of memory");
	p->order = order;
	p->version = 1;
	rc = fill_new(p, key, e);
	if (rc < 0)
		return rc;
	*ret = STEAL(p);
	return 0;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	for (u32 i = 0; i < p->nprograms; i++) {
		free(p->programs[i].path);
		free(p->programs[i].name);
	}
	for (u32 i = 0; i < p->ncontributors; i++) {
		free(p->contributors[i].container);
		free(p->contributors[i].host);
		free(p->contributors[i].units);
	}
	free(p->programs);
	free(p->contributors);
	free(p->scope);
	free(p->name);
	free(p->image);
	free(p->arch);
	free(p->why);
	model_free(p->model);
	free(p);
}

u32 profile_program(const struct profile *p, const char *path, const char *name, bool session)
{
	for (u32 i = 1; i < p->nprograms; i++) {
		const struct program *g = &p->programs[i];

		if (g->session == session && strcmp(g->path, path) == 0 &&
		    strcmp(g->name, name) == 0)
			return i;
	}
	return 0;
}

/* One more program: every contributor's account gets a column for it. */
static int widen(struct profile *p, struct err *e)
{
	struct program *programs = realloc(p->programs, (p->nprograms + 1) * sizeof(*programs));

	if (!programs)
		return fail(e, ENOMEM, "out of memory");
	p->programs = programs;
	for (u32 i = 0; i < p->ncontributors; i++) {
		struct contributor *c = &p->contributors[i];
		u32 *units = realloc(c->units, (p->nprograms + 1) * sizeof(*units));

		if (!units)
			return fail(e, ENOMEM, "out of memory");
		c->units = units;
		units[p->nprograms] = 0;
	}
	return 0;
}

int profile_add_program(struct profile *p, const char *path, const char *name, bool session,
			u32 *ret, struct err *e)
{
	struct program g = { .session = session };
	u32 index = profile_program(p, path, name, session);
	int rc;

	if (index) {
		*ret = index;
		return 0;
	}
	if (p->nprograms >= GRAM_PROGRAMS)
		return fail(e, ENOSPC,
			    "the profile of %s has %d programs already: %s finds no place", p->name,
			    GRAM_PROGRAMS - 1, path);
	rc = widen(p, e);
	if (rc < 0)
		return rc;
	g.path = strdup(path);
	g.name = strdup(name);
	if (!g.path || !g.name) {
		free(g.path);
		free(g.name);
		return fail(e, ENOMEM, "out of memory");
	}
	*ret = p->nprograms;
	p->programs[p->nprograms++] = g;
	return 0;
}
