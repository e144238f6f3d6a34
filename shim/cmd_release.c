/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"
#include "deeds.h"
#include "options.h"
#include "out.h"

int cmd_release(int argc, char **argv, const struct policy *p, struct err *e)
{
	bool json = false;
	const struct option_row rows[] = { { "--json", &json, NULL }, { 0 } };
	auto_buf words = { 0 };
	int rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != 2)
		rc = fail(e, EINVAL, "usage: thymus release [--json] CID");
	if (rc == 0)
		rc = deed_release(p, argv[1], &words, e);
	return rc < 0 ? rc : out_words(&words, json, e);
}
