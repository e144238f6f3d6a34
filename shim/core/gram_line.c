/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gram_line.h"

#include <string.h>

#include "amend.h"

#define WORD 64

void gram_line_emit(const struct gram *g, struct buf *to)
{
	bool acting = gram_last(g->key >> (GRAM_BITS * (GRAM_ORDER_MAX - 1)), 1) == TOKEN_ACTING;
	u64 gram = g->key & (acting ? GRAM_MASK >> GRAM_BITS : GRAM_MASK);

	buf_printf(to, "%u %s", gram_program(g->key), acting ? "~" : "");
	for (u32 n = gram_length(gram, GRAM_ORDER_MAX); n-- > 0;)
		buf_printf(to, "%u%s", (u32)gram_last(gram >> (GRAM_BITS * n), 1), n ? "." : "");
	for (int i = 0; i < MODEL_OWNERS && g->owner[i]; i++) {
		buf_printf(to, " %08x:", (u32)(g->owner[i] >> 32));
		if ((u32)g->owner[i] == UNIT_MANY)
			buf_puts(to, "*");
		else
			buf_printf(to, "%u", (u32)g->owner[i]);
	}
}

/* The next word of a line; words lie one blank apart.  False: none, or one too long to be ours. */
static bool word(const char **at, char ret[WORD])
{
	size_t len = strcspn(*at, " ");

	if (len == 0 || len >= WORD)
		return false;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len;
	if ((*at)[0] == ' ' && (*at)[1] != '\0')
		(*at)++;
	return true;
}

static bool number(const char *text, u64 most, u64 *ret)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 10 || text[digits] != '\0' || (digits > 1 && text[0] == '0'))
		return false;
	*ret = strtoull(text, NULL, 10);
	return *ret <= most;
}

int gram_owner_id(const char *text, u32 *ret, struct err *e)
{
	if (strlen(text) != 8 || strspn(text, "0123456789abcdef") != 8 ||
	    strcmp(text, "00000000") == 0)
		return fail(e, EINVAL,
			    "\"%.20s\" is no contributor: 8 hexadecimal digits, not all 0", text);
	*ret = (u32)strtoul(text, NULL, 16);
	return 0;
}

static int read_owner(const char *text, u64 *ret, struct err *e)
{
	char id[9] = "";
	u64 second = UNIT_MANY;
	u32 contributor = 0;
	int rc;

	if (strlen(text) < 10 || text[8] != ':' ||
	    (strcmp(text + 9, "*") != 0 && !number(text + 9, UNIT_MANY - 1, &second)))
		return fail(e, EINVAL, "\"%.40s\" is no owner: CONTRIBUTOR:SECOND, or * for many",
			    text);
	memcpy(id, text, 8);
	rc = gram_owner_id(id, &contributor, e);
	if (rc == 0)
		*ret = unit_id(contributor, (u32)second);
	return rc;
}

static int read_owners(struct profile *p, u64 key, const char *at, struct err *e)
{
	char room[WORD];
	u64 before = 0;
	int count = 0;

	while (*at) {
		u64 unit = 0;
		int rc;

		if (!word(&at, room) || ++count > MODEL_OWNERS)
			return fail(e, EINVAL, "owners of an n-gram are 1 to %d", MODEL_OWNERS);
		rc = read_owner(room, &unit, e);
		if (rc == 0 && unit <= before)
			return fail(e, EINVAL, "owners must ascend, %s does not", room);
		if (rc == 0)
			rc = model_add(p->model, key, unit, e);
		if (rc < 0)
			return rc;
		before = unit;
	}
	return count ? 0 : fail(e, EINVAL, "an n-gram without an owner");
}

int gram_line_read(struct profile *p, const char *line, struct err *e)
{
	const char *at = line;
	u64 program, gram = 0;
	char room[WORD];
	int rc;

	if (!word(&at, room) || !number(room, GRAM_PROGRAMS - 1, &program) || program == 0 ||
	    program >= p->nprograms)
		return fail(e, EINVAL, "\"%.60s\" must begin with the number of a program, 1 to %u",
			    line, p->nprograms - 1);
	if (!word(&at, room))
		return fail(e, EINVAL, "\"%.60s\" has no n-gram", line);
	rc = amend_gram(room, &gram, e);
	if (rc < 0)
		return rc;
	if (room[0] != '~' && gram_length(gram, GRAM_ORDER_MAX) > p->order)
		return fail(e, EINVAL, "n-gram %s is longer than the order %u", room, p->order);
	if (model_has(p->model, gram_key((u32)program, gram)))
		return fail(e, EINVAL, "n-gram %s of program %u is there twice", room,
			    (u32)program);
	return read_owners(p, gram_key((u32)program, gram), at, e);
}
