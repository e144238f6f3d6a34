/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "cmd.h"
#include "options.h"
#include "out.h"
#include "status.h"
#include "status_text.h"

int cmd_status(int argc, char **argv, const struct policy *p, struct err *e)
{
	bool json = false;
	const struct option_row rows[] = { { "--json", &json, NULL }, { 0 } };
	auto_of(json) struct json *doc = NULL;
	auto_buf text = { 0 };
	int rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != 1)
		rc = fail(e, EINVAL, "usage: thymus status [--json]");
	if (rc == 0)
		rc = status_collect(p, &doc, e);
	if (rc < 0)
		return rc;
	if (!json)
		status_text(doc, (unsigned long long)time(NULL), out_terminal(), &text);
	rc = json ? out_json(doc, e) : out_text(&text, e);
	return rc < 0 ? rc : json_get(doc, "stopped")->child != NULL;
}
