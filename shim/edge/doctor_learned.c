/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"
#include "override.h"
#include "patient.h"
#include "process.h"
#include "sensor.h"
#include "sensor_builds.h"
#include "state.h"
#include "status.h"
#include "store.h"

static void one_container(struct patient *t, const char *folder, unsigned *live)
{
	auto_state s = { 0 };
	char remedy[1200];
	struct err e;
	int rc = state_load(folder, &s, &e);

	if (rc == -ENOENT)
		return;
	snprintf(remedy, sizeof(remedy), "rm -r %.1000s", folder);
	if (rc < 0) {
		patient_find(t, "fail", "containers", "remove that folder once its container has ended", "%s", e.text);
		return;
	}
	if (!s.keeper || process_is_same((pid_t)s.keeper, s.keeper_start))
		++*live;
	else if (s.pid && !process_lives((pid_t)s.pid))
		patient_find(t, "warn", "containers", remedy, "%.400s was left behind by container %.64s, which has ended, as has its keeper", folder,
			     s.id);
	else
		patient_find(t, "warn", "containers", "start the container again",
			     "container %.64s has lost its keeper: the kernel goes on as before, but nobody learns, explains or heals", s.id);
}

void check_containers(struct patient *t)
{
	auto_of(list) char **all = NULL;
	unsigned live = 0;
	struct err e;

	if (state_list(t->policy, &all, &e) < 0) {
		patient_find(t, "fail", "containers", "see the folder's owner and mode", "%s", e.text);
		return;
	}
	for (size_t i = 0; all[i]; i++)
		one_container(t, all[i], &live);
	if (live * 10 >= CONTAINERS * 9)
		patient_find(t, "warn", "containers", "spread them over more hosts, or put the rest in mode off", "%u containers are watched, and %d "
			     "is the most: one more than that runs unwatched, or is refused where it is enforced", live, CONTAINERS);
}

/* ---- pins ---- */

static void count(void *ctx, uint64_t cgroup, uint32_t hierarchy)
{
	(void)cgroup, (void)hierarchy;
	++*(unsigned *)ctx;
}

void check_pins(struct patient *t)
{
	auto_names builds = { 0 };
	struct err e;

	if (sensor_builds(t->policy->bpf, &builds, &e) < 0)
		return; /* the sensor's check has told it */
	for (size_t i = 0; i < builds.count; i++) {
		unsigned users = 0;

		if (strcmp(strrchr(builds.name[i], '/') + 1, sensor_build()) != 0 &&
		    sensor_build_slots(builds.name[i], count, &users, &e) == 0 && users == 0)
			patient_find(t, "warn", "pins", "thymus unload", "%.400s is the sensor of another version, and no container needs it",
				     builds.name[i]);
	}
}

/* ---- profiles ---- */

static void owners(struct patient *t)
{
	auto_of(list) char **files = NULL;
	struct err e;

	if (store_list(t->policy, &files, &e) < 0)
		return; /* told below */
	for (size_t i = 0; files[i]; i++) {
		char folder[4096];

		snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(files[i], '/') - files[i]), files[i]);
		if (i == 0 || strncmp(files[i - 1], folder, strlen(folder)) != 0)
			patient_is_open(t, "profiles", folder, "they could change what is enforced");
		patient_is_open(t, "profile", files[i], "they could change what is enforced");
	}
}

void check_profiles(struct patient *t)
{
	auto_of(json) struct json *all = NULL;
	struct err e;

	if (status_profiles(t->policy, &all, &e) < 0) {
		patient_find(t, "fail", "profiles", "see the folder's owner and mode", "%s", e.text);
		return;
	}
	owners(t);
	for (const struct json *v = all->child; v; v = v->next) {
		const char *name = json_string(json_get(v, "name")), *state = json_string(json_get(v, "state"));
		const char *lacks = json_string(json_get(v, "lacks")), *why = json_string(json_get(v, "why"));

		if (!name || !state || !lacks)
			continue;
		if (strcmp(state, "unreadable") == 0)
			patient_find(t, "fail", "profile", "thymus profile rm, and learn again, or put a copy back", "%s", lacks);
		else if (strstr(lacks, "never ready"))
			patient_find(t, "warn", "profile", "see thymus profile show", "%.100s: %.300s", name, lacks);
		else if (strcmp(state, "suspect") == 0)
			patient_find(t, "warn", "profile", "see thymus profile show", "%.100s is suspect: it is not enforced%s%.200s", name,
				     why && *why ? ": " : "", why ? why : "");
	}
}

void check_mode(struct patient *t)
{
	enum mode mode;
	struct err e;

	if (override_check(t->policy, &e) < 0)
		patient_find(t, "fail", "mode", "say again what shall be in force: thymus mode MODE NAME|--all", "%s", e.text);
	if (override_get(t->policy, NULL, "", &mode))
		patient_find(t, "warn", "mode", "thymus mode default --all", "somebody said mode %s for all containers of this host",
			     policy_mode_name(mode));
}
