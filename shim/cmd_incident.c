/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cmd.h"
#include "deeds.h"
#include "incident.h"
#include "incident_text.h"
#include "options.h"
#include "out.h"

static int list(const struct policy *p, bool json, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	auto_buf text = { 0 };
	int rc = incident_rows(p, &doc, e);

	if (rc < 0)
		return rc;
	if (json)
		return out_json(doc, e);
	incident_rows_text(doc, out_terminal(), &text);
	return out_text(&text, e);
}

static int show(const struct policy *p, const char *word, bool json, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	auto_buf text = { 0 };
	char id[32];
	int rc = incident_load(p, word, id, &doc, e);

	if (rc < 0)
		return rc;
	if (json)
		return out_json(doc, e);
	incident_text(doc, &text);
	return out_text(&text, e);
}

int cmd_incident(int argc, char **argv, const struct policy *p, struct err *e)
{
	bool json = false;
	const struct option_row rows[] = { { "--json", &json, NULL }, { 0 } };
	const char *verb;
	auto_buf words = { 0 };
	int rc = options_take(&argc, argv, rows, e);

	if (rc < 0)
		return rc;
	verb = argc > 1 ? argv[1] : "ls";
	if (strcmp(verb, "ls") == 0 && argc <= 2)
		return list(p, json, e);
	if (strcmp(verb, "show") == 0 && argc == 3)
		return show(p, argv[2], json, e);
	if (strcmp(verb, "allow") != 0 || argc != 3)
		return fail(e, EINVAL, "usage: thymus incident [--json] ls | show ID | allow ID");
	rc = deed_allow(p, argv[2], &words, e);
	return rc < 0 ? rc : out_words(&words, json, e);
}
