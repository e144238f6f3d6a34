/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amend.h"

#include <stdio.h>
#include <string.h>

#include "incident_text.h"
#include "table.h"

int amend_gram(const char *text, u64 *ret, struct err *e)
{
	bool acting = *text == '~';
	u32 length = 0, most = acting ? ACTING_ORDER : GRAM_ORDER_MAX;
	const char *at = text + acting;
	u64 gram = 0;

	for (;;) {
		size_t digits = strspn(at, "0123456789");
		unsigned long token = digits >= 1 && digits <= 3 ? strtoul(at, NULL, 10) : 0;

		if (token == 0 || token > GRAM_TOKEN || token == TOKEN_ACTING || ++length > most)
			return fail(e, EINVAL, "n-gram \"%.60s\" is not up to %u tokens by dots",
				    text, most);
		gram = gram_push(gram, (u32)token);
		at += digits;
		if (*at == '\0')
			break;
		/* What is neither dot nor digit has no digits, and fails above. */
		at += *at == '.';
	}
	*ret = acting ? gram | GRAM_ACTING : gram;
	return 0;
}

static bool has_verdict(const struct json *incident, const char *verdict)
{
	const struct json *array = json_get(incident, "verdict");

	if (array && array->type == JSON_ARRAY)
		for (const struct json *v = array->child; v; v = v->next)
			if (json_string(v) && strcmp(v->text, verdict) == 0)
				return true;
	return false;
}

static int refuse_hard(const struct json *incident, struct err *e)
{
	const char *call = json_string(json_at(incident, "call.name"));

	if (has_verdict(incident, "floor"))
		return fail(e, EPERM,
			    "%s is on the floor, which no profile teaches: add it to "
			    "\"floor_lift\" in the policy if this host must allow it",
			    call ? call : "the call");
	if (has_verdict(incident, "abi"))
		return fail(e, EPERM,
			    "calls of a foreign ABI cannot be allowed by an incident: learn the "
			    "workload anew, thymus profile demote");
	if (has_verdict(incident, "left"))
		return fail(e, EPERM,
			    "leaving the container's cgroup cannot be allowed: nothing would watch "
			    "it there");
	return 0;
}

/* The program that an object of the incident names, added where it is new. */
static int program_of(struct profile *p, const struct json *object, bool session, u32 *ret,
		      struct err *e)
{
	const char *path = json_string(json_get(object, "path"));
	const char *name = json_string(json_get(object, "name"));
	const char *sha256 = json_string(json_get(object, "sha256"));
	int rc;

	if (!path || path[0] != '/')
		return fail(e, EINVAL,
			    "the incident does not name the program by its path: nothing to allow");
	if (!name || !*name)
		name = strrchr(path, '/') + 1;
	if (!*name)
		return fail(e, EINVAL, "the incident names the folder %s as a program", path);
	rc = profile_add_program(p, path, name, session, ret, e);
	/* A changed file raised the verdict: its new content is what is allowed. */
	if (rc == 0 && sha256 && strlen(sha256) == 64 && strspn(sha256, "0123456789abcdef") == 64)
		snprintf(p->programs[*ret].sha256, sizeof(p->programs[*ret].sha256), "%s", sha256);
	return rc;
}

static int add_contributor(struct profile *p, const struct allowance *a, struct err *e)
{
	struct contributor *more = realloc(p->contributors, (p->ncontributors + 1) * sizeof(*more));
	struct contributor c = { .id = a->unit, .started = a->now };
	size_t room = strlen(a->incident) + sizeof("incident ");

	if (!more)
		return fail(e, ENOMEM, "out of memory");
	p->contributors = more;
	c.container = malloc(room);
	c.host = strdup(a->host);
	c.units = calloc(p->nprograms, sizeof(*c.units));
	if (!c.container || !c.host || !c.units) {
		free(c.container);
		free(c.host);
		free(c.units);
		return fail(e, ENOMEM, "out of memory");
	}
	snprintf(c.container, room, "incident %s", a->incident);
	more[p->ncontributors++] = c;
	return 0;
}

/* Every missing n-gram, as made in one second of a contributor of its own: a false alarm is a
 * second with something new, and the evidence for the tier must count it. */
static int add_grams(struct profile *p, const struct json *array, u32 program,
		     const struct allowance *a, struct err *e)
{
	int rc = add_contributor(p, a, e);

	for (const struct json *v = array->child; rc == 0 && v; v = v->next) {
		u64 gram = 0;

		if (!json_string(v))
			return fail(e, EINVAL,
				    "\"grams\" of the incident must be an array of strings");
		rc = amend_gram(v->text, &gram, e);
		if (rc == 0 && *v->text != '~' && gram_length(gram, GRAM_ORDER_MAX) > p->order)
			rc = fail(e, EINVAL, "n-gram \"%.60s\" is longer than the profile's %u",
				  v->text, p->order);
		if (rc == 0)
			rc = model_add(p->model, gram_key(program, gram), unit_id(a->unit, 0), e);
	}
	if (rc == 0)
		p->contributors[p->ncontributors - 1].units[program] = 1;
	return rc;
}

static void open_program(struct profile *p, u32 program, const struct allowance *a,
			 struct buf *words)
{
	if (a->seconds == 0)
		return;
	p->programs[program].open_until = a->now + a->seconds;
	buf_printf(words, "for the next %u s what else ", a->seconds);
	text_clean(words, p->programs[program].path);
	buf_puts(words, " does is learned, not judged\n");
}

static int allow_execution(struct profile *p, const struct json *incident,
			   const struct allowance *a, struct buf *words, struct err *e)
{
	bool session = json_is_true(json_at(incident, "program.session"));
	u32 program = 0;
	int rc = program_of(p, json_get(incident, "executed"), session, &program, e);

	if (rc < 0)
		return rc;
	text_clean(words, p->programs[program].path);
	buf_printf(words, " may run%s\n", session ? " in exec sessions" : "");
	open_program(p, program, a, words);
	return 0;
}

static int allow_sequence(struct profile *p, const struct json *incident, const struct allowance *a,
			  struct buf *words, struct err *e)
{
	const struct json *object = json_get(incident, "program"),
			  *grams = json_get(incident, "grams");
	bool session = json_is_true(json_get(object, "session"));
	u32 program = 0;
	int rc = program_of(p, object, session, &program, e);

	if (rc < 0)
		return rc;
	if (grams && grams->type == JSON_ARRAY && grams->child) {
		rc = add_grams(p, grams, program, a, e);
		if (rc < 0)
			return rc;
		text_clean(words, p->programs[program].path);
		buf_puts(words, " may make the run: ");
		incident_words(json_get(incident, "unseen"), " ", words);
		buf_puts(words, "\n");
	} else if (a->seconds == 0) {
		return fail(e, EPERM,
			    "the incident names no n-gram to allow, and \"allow_seconds\" is 0");
	}
	open_program(p, program, a, words);
	return 0;
}

int amend_allow(struct profile *p, const struct json *incident, const struct allowance *a,
		struct buf *words, struct err *e)
{
	const struct json *verdicts = json_get(incident, "verdict");
	bool exec = has_verdict(incident, "exec");
	int rc = refuse_hard(incident, e);

	if (rc == 0 && exec)
		rc = allow_execution(p, incident, a, words, e);
	if (rc == 0 && (!exec || (verdicts && verdicts->child && verdicts->child->next)))
		rc = allow_sequence(p, incident, a, words, e);
	if (rc < 0)
		return rc;
	if (words->failed)
		return fail(e, ENOMEM, "out of memory");
	p->version++;
	return 0;
}

static int set_state(struct profile *p, enum profile_state state, const char *why, struct err *e)
{
	char *text = strdup(why);

	if (!text)
		return fail(e, ENOMEM, "out of memory");
	free(p->why);
	p->why = text;
	p->state = state;
	p->proving_since = 0;
	p->proved = 0;
	p->version++;
	return 0;
}

int amend_promote(struct profile *p, bool force, struct err *e)
{
	u64 lost = 0;
	bool late = false;

	if (p->state == PROFILE_READY)
		return 1;
	if (model_count(p->model) == 0)
		return fail(e, EPERM,
			    "%s/%s has learned nothing yet: every call would be a deviation",
			    p->scope, p->name);
	for (u32 i = 0; i < p->ncontributors; i++) {
		lost += p->contributors[i].lost;
		late |= p->contributors[i].late;
	}
	if ((lost || late) && !force)
		return fail(
			e, EPERM,
			"%s/%s is lossy (%llu events lost%s): what it missed would be a deviation; "
			"--force promotes it all the same",
			p->scope, p->name, (unsigned long long)lost,
			late ? ", a container was attached late" : "");
	return set_state(p, PROFILE_READY, "promoted by hand", e);
}

int amend_demote(struct profile *p, struct err *e)
{
	if (p->state == PROFILE_LEARNING && p->enforced == 0)
		return 1;
	p->enforced = 0;
	return set_state(p, PROFILE_LEARNING, "demoted by hand", e);
}
