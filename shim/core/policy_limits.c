/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_limits.c - what may lie on the disk: keys, defaults and ranges. */
#include "policy.h"

#define MIB 1048576u
#define ROW(member, least, most) { #member, offsetof(struct limits, member), least, most }

static const struct row {
	const char *key;
	size_t at;
	unsigned min, max;
} rows[] = {
	ROW(log_kib, 16, 4 * MIB - 1),
	ROW(log_files, 1, 100),
	ROW(repeat_seconds, 1, 3600),
	ROW(incidents, 1, 100000),
	ROW(incidents_mib, 1, 4095),
	ROW(profiles, 1, 100000),
	ROW(trace_mib, 1, MIB),
	ROW(free_kib, 64, 4 * MIB - 1),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const struct limits policy_limits_default = {
	.log_kib = 16384, .log_files = 4, .repeat_seconds = 60, .incidents = 1000, .incidents_mib = 64, .profiles = 4096,
	.trace_mib = 1024, .free_kib = 1024,
};

int policy_limits(const struct json *object, struct limits *ret, struct err *e)
{
	struct json_field fields[COUNT(rows) + 1] = { { 0 } };
	int rc;

	for (size_t i = 0; i < COUNT(rows); i++)
		fields[i] = (struct json_field){ rows[i].key, JSON_K_UINT, false, rows[i].at };
	rc = json_fill(object, fields, ret, e);
	if (rc < 0)
		return fail_in(e, rc, "limits");
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned value = *(const unsigned *)((const char *)ret + rows[i].at);

		if (value < rows[i].min || value > rows[i].max)
			return fail(e, ERANGE, "\"limits.%s\" is %u, must be %u..%u", rows[i].key, value, rows[i].min,
				    rows[i].max);
	}
	return 0;
}
