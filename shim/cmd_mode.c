/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "journal.h"
#include "mode_switch.h"
#include "options.h"
#include "out.h"

static int read_request(int argc, char **argv, bool all, const char *span, struct mode_switch *ret,
			struct err *e)
{
	unsigned long long seconds = 0;
	int rc = 0;

	if (argc != (all ? 2 : 3))
		return fail(e, EINVAL,
			    "usage: thymus mode [--json] MODE CID|NAME|SCOPE/NAME|--all [--for 2h]");
	ret->word = all ? NULL : argv[2];
	ret->back = strcmp(argv[1], "default") == 0;
	if (!ret->back)
		rc = policy_mode(argv[1], &ret->mode, e);
	if (rc == 0 && span && ret->back)
		return fail(e, EINVAL, "--for makes no sense with default");
	if (rc == 0 && span)
		rc = options_duration(span, &seconds, e);
	if (rc == 0 && span)
		ret->until = (unsigned long long)time(NULL) + seconds;
	return rc;
}

int cmd_mode(int argc, char **argv, const struct policy *p, struct err *e)
{
	bool json = false, all = false;
	const char *span = NULL;
	const struct option_row rows[] = {
		{ "--json", &json, NULL }, { "--all", &all, NULL }, { "--for", NULL, &span }, { 0 }
	};
	auto_of(json) struct json *result = NULL;
	struct mode_switch request = { 0 };
	auto_buf text = { 0 };
	struct err unprinted;
	int shown, rc = options_take(&argc, argv, rows, e);

	if (rc == 0)
		rc = read_request(argc, argv, all, span, &request, e);
	if (rc == 0)
		rc = mode_switch(p, &request, &result, e);
	if (!result)
		return rc;
	journal_deed(p, "mode", request.word ? request.word : "all", argv[1]);
	if (!json)
		mode_switch_text(result, &text);
	shown = json ? out_json(result, &unprinted) : out_text(&text, &unprinted);
	if (rc == 0 && shown < 0)
		*e = unprinted;
	return rc < 0 ? rc : shown;
}
