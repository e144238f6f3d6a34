/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"
#include "deeds.h"
#include "options.h"
#include "out.h"

int cmd_release(int argc, char **argv, const struct policy *p, struct err *e)
{
	bool json = false, all = false;
	const struct option_row rows[] = { { "--json", &json, NULL }, { "--all", &all, NULL }, { 0 } };
	auto_buf words = { 0 };
	struct err unprinted;
	int rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != (all ? 1 : 2))
		rc = fail(e, EINVAL, "usage: thymus release [--json] CID|--all");
	if (rc == 0)
		rc = all ? deed_release_all(p, &words, e) : deed_release(p, argv[1], &words, e);
	/* of many, some may run on when one does not */
	if (words.text && out_words(&words, json, rc < 0 ? &unprinted : e) < 0 && rc == 0)
		rc = -EIO;
	return rc;
}
