/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_unload.c - take the sensor out of the kernel, where no container needs it. */
#include <unistd.h>

#include "cmd.h"
#include "options.h"
#include "out.h"
#include "table.h"
#include "unload.h"

static void say(const struct json *doc, bool dry, struct buf *to)
{
	const struct json *users = json_get(doc, "users"), *removed = json_get(doc, "removed");

	for (const struct json *v = users->child; v; v = v->next) {
		const char *id = json_string(json_get(v, "container")), *group = json_string(json_get(v, "cgroup"));

		buf_puts(to, "in use by ");
		text_clean(to, id && *id ? id : group && *group ? group : "a container that is just starting");
		buf_puts(to, json_is_true(json_get(v, "frozen")) ? ", which is frozen: thymus release, or delete it\n" : "\n");
	}
	for (const struct json *v = removed->child; v; v = v->next)
		buf_printf(to, "removed the sensor %s\n", json_string(v));
	if (!users->child && !removed->child)
		buf_puts(to, dry ? "no container needs the sensor\n" : "there was nothing to remove\n");
}

int cmd_unload(int argc, char **argv, const struct policy *p, struct err *e)
{
	struct unload_wish w = { false, false };
	bool json = false;
	const struct option_row rows[] = {
		{ "--json", &json, NULL }, { "--force", &w.force, NULL }, { "--dry-run", &w.dry, NULL }, { 0 }
	};
	auto_of(json) struct json *doc = NULL;
	auto_buf text = { 0 };
	int rc = options_take(&argc, argv, rows, e);

	if (rc == 0 && argc != 1)
		rc = fail(e, EINVAL, "usage: thymus unload [--json] [--dry-run] [--force]");
	if (rc == 0 && geteuid() != 0)
		rc = fail(e, EPERM, "unload must be root: sudo thymus unload");
	if (rc == 0)
		rc = unload(p, &w, &doc, e);
	if (rc < 0)
		return rc;
	if (!json)
		say(doc, w.dry, &text);
	rc = json ? out_json(doc, e) : out_text(&text, e);
	return rc < 0 ? rc : json_get(doc, "users")->child != NULL;
}
