/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
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
	static const char *const before[] = { "", "  ", ": ", "\n      " };

	for (const struct json *v = findings->child; v; v = v->next) {
		for (size_t i = 0; i < 4; i++) {
			const char *text = json_string(json_get(v, keys[i]));

			if (!text || !*text)
				continue;
			buf_puts(to, before[i]);
			text_clean(to, text);
			buf_puts(to, i == 0 && strlen(text) < 4 ? "  " : "");
		}
		buf_puts(to, "\n");
	}
	if (!findings->child)
		buf_puts(to, "ok    all that thymus needs is there\n");
	buf_printf(to, "      LSM in force: %s\n", lsm_in_force());
}

int cmd_doctor(int argc, char **argv, const struct policy *p, struct err *e)
{
	struct doctor_wish w = { .etc = "/etc", .host = "" };
	bool json = false, ill = false;
	const struct option_row rows[] = {
		{ "--json", &json, NULL }, { "--all", &w.all, NULL }, { "--etc", NULL, &w.etc }, { "--host", NULL, &w.host }, { 0 }
	};
	auto_of(json) struct json *findings = NULL;
	auto_buf text = { 0 };
	int rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != 1)
		rc = fail(e, EINVAL, "usage: thymus doctor [--json] [--all] [--etc DIR] [--host DIR]");
	if (rc == 0 && geteuid() != 0)
		rc = fail(e, EPERM, "doctor must be root: sudo thymus doctor");
	if (rc == 0)
		rc = doctor_examine(p, &w, &findings, e);
	if (rc < 0)
		return rc;
	for (const struct json *v = findings->child; v; v = v->next)
		ill |= strcmp(json_string(json_get(v, "level")), "ok") != 0;
	if (!json)
		say(findings, &text);
	rc = json ? out_json(findings, e) : out_text(&text, e);
	return rc < 0 ? rc : ill;
}
