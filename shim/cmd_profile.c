/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cmd.h"
#include "deeds.h"
#include "options.h"
#include "out.h"
#include "profile_diff.h"
#include "profile_report.h"
#include "status.h"
#include "store.h"

static int load(const struct policy *p, const char *word, struct profile **ret, struct err *e)
{
	char path[4096];
	int rc = store_find(p, word, path, e);

	return rc < 0 ? rc : store_load(path, ret, e);
}

static int list(const struct policy *p, bool json, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	auto_buf text = { 0 };
	int rc = status_profiles(p, &doc, e);

	if (rc < 0)
		return rc;
	if (json)
		return out_json(doc, e);
	profile_rows_text(doc, out_terminal(), &text);
	return out_text(&text, e);
}

static int show(const struct policy *p, const char *word, bool json, struct err *e)
{
	auto_of(profile) struct profile *profile = NULL;
	auto_buf text = { 0 };
	int rc = load(p, word, &profile, e);

	if (rc < 0)
		return rc;
	if (json)
		rc = profile_emit(profile, &text, e);
	else
		profile_report_text(profile, p, &text);
	return rc < 0 ? rc : out_text(&text, e);
}

static int diff(const struct policy *p, char **words, bool json, struct err *e)
{
	auto_of(profile) struct profile *a = NULL;
	auto_of(profile) struct profile *b = NULL;
	auto_of(json) struct json *doc = NULL;
	auto_buf text = { 0 };
	int rc = load(p, words[0], &a, e);

	if (rc == 0)
		rc = load(p, words[1], &b, e);
	if (rc == 0)
		rc = profile_diff(a, b, &doc, e);
	if (rc < 0)
		return rc;
	if (!json)
		profile_diff_text(doc, &text);
	rc = json ? out_json(doc, e) : out_text(&text, e);
	return rc < 0 ? rc : !json_is_true(json_get(doc, "equal"));
}

int cmd_profile(int argc, char **argv, const struct policy *p, struct err *e)
{
	bool json = false, force = false;
	const struct option_row rows[] = {
		{ "--json", &json, NULL }, { "--force", &force, NULL }, { 0 }
	};
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
	if (strcmp(verb, "diff") == 0 && argc == 4)
		return diff(p, argv + 2, json, e);
	if (strcmp(verb, "promote") == 0 && argc == 3)
		rc = deed_promote(p, argv[2], force, &words, e);
	else if (strcmp(verb, "demote") == 0 && argc == 3)
		rc = deed_demote(p, argv[2], &words, e);
	else if (strcmp(verb, "rm") == 0 && argc == 3)
		rc = deed_remove(p, argv[2], force, &words, e);
	else
		return fail(e, EINVAL,
			    "usage: thymus profile [--json] [--force] ls | show NAME | diff A B | "
			    "promote NAME | demote NAME | rm NAME");
	return rc < 0 ? rc : out_words(&words, json, e);
}
