/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes either become a policy that keeps its promises, or an error with a sentence. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "calls.h"
#include "policy.h"

static void check_folder(const char *path)
{
	assert(path[0] == '/' && path[1] && strlen(path) < 1024 && !strstr(path, "/../"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { "" };
	struct policy p;

	if (policy_parse((const char *)data, size, &p, &e) < 0) {
		assert(e.text[0] != '\0');
		return 0;
	}
	check_folder(p.profiles);
	check_folder(p.incidents);
	check_folder(p.run);
	check_folder(p.log);
	check_folder(p.bpf);
	assert(!p.delegate || p.delegate[0] == '/');
	assert(p.mode <= MODE_AUTO && (p.ready_mode == MODE_MONITOR || p.ready_mode == MODE_ENFORCE));
	assert(p.budget > 0 && p.budget < 1e12);
	assert(p.learn_seconds >= 1 && p.learn_starts >= 1 && p.prove_seconds >= 1);
	for (int tier = 1; tier <= 3; tier++)
		assert(p.action[tier] <= ACTION_KILL);
	for (const char **lift = p.floor_lift; lift && *lift; lift++)
		assert(calls_is_floor(*lift));
	assert(!policy_admits_name(&p, "../../etc") && !policy_admits_name(&p, ""));
	(void)policy_admits_name(&p, "shop-web.example_1");
	policy_done(&p);
	return 0;
}
