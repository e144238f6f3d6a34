/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "cmd.h"
#include "doctor.h"
#include "lsm.h"
#include "options.h"
#include "out.h"
#include "table.h"

static void say(const struct json *findings, struct buf *to)
{
	static const char *const keys[] = { "level", "what", "words", "remedy" };
	static const char *const after[] = { "  ", ": ", "\n      ", "\n" };

	for (const struct json *v = findings->child; v; v = v->next)
		for (size_t i = 0; i < 4; i++) {
			const char *text = json_string(json_get(v, keys[i]));

			text_clean(to, text ? text : "");
			buf_puts(to, after[i]);
		}
	if (!findings->child)
		buf_puts(to, "ok    all that thymus needs is there\n");
	buf_printf(to, "      LSM in force: %s\n", lsm_in_force());
}

int cmd_doctor(int argc, char **argv, const struct policy *p, struct err *e)
{
	const char *etc = "/etc";
	bool json = false;
	const struct option_row rows[] = { { "--json", &json, NULL }, { "--etc", NULL, &etc }, { 0 } };
	auto_of(json) struct json *findings = NULL;
	auto_buf text = { 0 };
	int rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != 1)
		rc = fail(e, EINVAL, "usage: thymus doctor [--json] [--etc DIR]");
	if (rc == 0 && geteuid() != 0)
		rc = fail(e, EPERM, "doctor must be root: sudo thymus doctor");
	if (rc == 0)
		rc = doctor_examine(p, etc, &findings, e);
	if (rc < 0)
		return rc;
	if (!json)
		say(findings, &text);
	rc = json ? out_json(findings, e) : out_text(&text, e);
	return rc < 0 ? rc : findings->child != NULL;
}
