/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"
#include "explain.h"
#include "explain_text.h"
#include "options.h"
#include "out.h"

int cmd_explain(int argc, char **argv, const struct policy *p, struct err *e)
{
	bool json = false;
	const struct option_row rows[] = { { "--json", &json, NULL }, { 0 } };
	auto_of(json) struct json *doc = NULL;
	auto_buf text = { 0 };
	int rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != 2)
		rc = fail(e, EINVAL, "usage: thymus explain [--json] CONTAINER");
	if (rc == 0)
		rc = explain_collect(p, argv[1], &doc, e);
	if (rc < 0)
		return rc;
	if (!json)
		explain_text(doc, &text);
	return json ? out_json(doc, e) : out_text(&text, e);
}
