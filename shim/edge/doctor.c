/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "delegate.h"
#include "file.h"
#include "gate_exec.h"
#include "hook_path.h"
#include "mounts.h"
#include "patient.h"
#include "policy_load.h"
#include "sensor.h"
#include "version.h"

enum { SECONDS = 10, FACT_BYTES = 4096, GROUPS_LEAST = 128 };

void patient_find(struct patient *t, const char *level, const char *what, const char *remedy, const char *fmt, ...)
{
	struct json *row = json_add(t->findings, json_new(JSON_OBJECT));
	char words[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	json_set(row, "level", json_str(level));
	json_set(row, "what", json_str(what));
	json_set(row, "words", json_str(words));
	json_set(row, "remedy", json_str(remedy));
}

bool patient_is_open(struct patient *t, const char *what, const char *path, const char *consequence)
{
	char remedy[2200];
	struct stat st;

	if (stat(path, &st) < 0 || ((st.st_uid == 0 || st.st_uid == geteuid()) && !(st.st_mode & 022)))
		return false;
	snprintf(remedy, sizeof(remedy), "chown root: %.1000s && chmod go-w %.1000s", path, path);
	patient_find(t, "fail", what, remedy, "%.400s may be written by others: %s", path, consequence);
	return true;
}

/* What the kernel says of itself in one line; "": nothing. */
static const char *fact(const struct patient *t, const char *file, char ret[FACT_BYTES])
{
	auto_free char *text = NULL;
	char path[PATH_MAX];
	struct err ignored;
	size_t len;

	ret[0] = '\0';
	snprintf(path, sizeof(path), "%.3000s%s", t->host, file);
	if (file_read(path, FACT_BYTES - 1, &text, &len, &ignored) == 0)
		snprintf(ret, FACT_BYTES, "%.*s", (int)strcspn(text, "\n"), text);
	return ret;
}

/* ---- the policy, and the programs ---- */

static void policy(struct patient *t)
{
	struct policy again;
	char folder[PATH_MAX];
	struct err e;

	if (!t->policy->file)
		return;
	if (policy_load(t->policy->file, &again, &e) < 0) {
		patient_find(t, "fail", "policy", "correct it: until then no container starts by thymus", "%s", e.text);
		t->lost = true; /* its folders are not known */
		return;
	}
	policy_done(&again);
	snprintf(folder, sizeof(folder), "%s", t->policy->file);
	char *slash = strrchr(folder, '/');
	if (slash && slash > folder) {
		*slash = '\0';
		patient_is_open(t, "policy", folder, "they could put another policy there");
	}
}

/* "runc version 1.1.5", "crun version 1.8.1" */
static void runtime_version(struct patient *t, const char *path)
{
	static const char *const names[] = { "runc", "crun" };
	char *const argv[] = { (char *)path, (char *)"--version", NULL };
	auto_buf said = { 0 };
	unsigned major = 0, minor = 0;
	char name[32] = "";
	struct err e;
	int rc = command_run(&(struct command_wish){ argv, NULL, NULL, SECONDS }, &said, &e);

	if (rc != 0) {
		patient_find(t, "fail", "runtime", "install it again, or name another in the policy's \"delegate\"",
			     "%.300s does not answer --version: %.150s", path, rc < 0 ? e.text : command_last_line(&said));
		return;
	}
	if (!said.text || sscanf(said.text, "%31s version %u.%u", name, &major, &minor) != 3 ||
	    (strcmp(name, names[0]) != 0 && strcmp(name, names[1]) != 0))
		patient_find(t, "warn", "runtime", "name runc or crun in the policy's \"delegate\"",
			     "%.300s is neither runc nor crun: thymus was tried with no other", path);
	else if (major < 1)
		patient_find(t, "fail", "runtime", "install a newer one", "%.300s is %s %u.%u, which is too old: 1.0 is the first with the hooks that "
			     "thymus needs", path, name, major, minor);
}

static void runtime(struct patient *t)
{
	char path[4096];
	struct err e;
	int rc = delegate_find(t->policy->delegate, path, &e);

	if (rc == -ELOOP)
		patient_find(t, "fail", "runtime", "name runc or crun in the policy's \"delegate\"", "%s: no container can start", e.text);
	else if (rc < 0)
		patient_find(t, "fail", "runtime", "apt-get install runc, or name one in the policy's \"delegate\"", "%s", e.text);
	else if (access(path, X_OK) < 0)
		patient_find(t, "fail", "runtime", "install it, or correct the policy's \"delegate\"",
			     "%.400s is no program: no container can start", path);
	else if (!patient_is_open(t, "runtime", path, "they could become root by it"))
		runtime_version(t, path);
}

static void hook(struct patient *t)
{
	auto_buf said = { 0 };
	char path[PATH_MAX];
	char *const argv[] = { path, (char *)"--version", NULL };
	struct err e;

	hook_path(path);
	if (access(path, X_OK) < 0) {
		patient_find(t, "fail", "hook", "install thymus again: make install, or its package",
			     "%.400s is not there: containers that are to be watched cannot start", path);
		return;
	}
	if (patient_is_open(t, "hook", path, "they could become root by it"))
		return;
	if (command_run(&(struct command_wish){ argv, NULL, NULL, SECONDS }, &said, &e) != 0 || !said.text ||
	    strncmp(said.text, thymus_version, strlen(thymus_version)) != 0 || said.text[strlen(thymus_version)] != '\n')
		patient_find(t, "fail", "hook", "install thymus again: make install, or its package",
			     "%.300s is of another version than thymus, which is %.60s", path, thymus_version);
}

/* ---- the kernel ---- */

static void kernel(struct patient *t)
{
	unsigned major, minor;
	char text[FACT_BYTES];

	if (sscanf(fact(t, "/proc/sys/kernel/osrelease", text), "%u.%u", &major, &minor) == 2 &&
	    (major < 5 || (major == 5 && minor < 15)))
		patient_find(t, "fail", "kernel", "boot Linux 5.15 or newer", "Linux %.60s is too old for the sensor", text);
	/* whether BPF is for root alone is no matter: we are root.  Integrity alone forbids us nothing neither. */
	if (strstr(fact(t, "/sys/kernel/security/lockdown", text), "[confidentiality]"))
		patient_find(t, "fail", "lockdown", "boot with lockdown=integrity", "the kernel is locked down (confidentiality): BPF may not "
			     "look at what processes do");
	if (strstr(fact(t, "/proc/self/attr/current", text), " (enforce)"))
		patient_find(t, "warn", "LSM", "run thymus unconfined (aa-status lists profiles)", "AppArmor confines thymus itself by the "
			     "profile %.200s: the hook may lack what it needs", text);
}

static void btf(struct patient *t)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.3000s/sys/kernel/btf/vmlinux", t->host);
	if (access(path, R_OK) < 0)
		patient_find(t, "fail", "BTF", "boot a kernel with CONFIG_DEBUG_INFO_BTF, as all distributions' are",
			     "this kernel does not describe its types (BTF): the sensor cannot load");
}

static void sensor(struct patient *t)
{
	struct sensor *s = NULL;

	if (strchr(t->policy->bpf, '.')) {
		patient_find(t, "fail", "sensor", "name a folder without a dot in the policy's \"folders\".\"bpf\"",
			     "%.400s: the kernel refuses a dot in names under /sys/fs/bpf", t->policy->bpf);
		return;
	}
	char lock[4200];
	struct err e;

	snprintf(lock, sizeof(lock), "%s/sensor.lock", t->policy->run);
	if (file_mkdirs(t->policy->run, &e) < 0 || sensor_open(t->policy->bpf, lock, true, &s, &e) < 0)
		patient_find(t, "fail", "sensor", "run it as root on Linux 5.15 or newer, where nothing forbids BPF (lockdown, a container)",
			     "%s", e.text);
	sensor_close(s);
}

static void gate(struct patient *t)
{
	char text[FACT_BYTES];
	unsigned groups;
	struct err e;
	int rc = gate_exec_probe(&e);

	if (rc < 0)
		patient_find(t, "warn", "gate", rc == -EMFILE ? "sysctl fs.fanotify.max_user_groups=1024" :
			     "boot a kernel with CONFIG_FANOTIFY_ACCESS_PERMISSIONS",
			     "%s: %sexecutions are stopped, not refused", e.text, rc == -EMFILE ? "all of root's groups are taken: " : "");
	if (sscanf(fact(t, "/proc/sys/fs/fanotify/max_user_groups", text), "%u", &groups) == 1 && groups < GROUPS_LEAST)
		patient_find(t, "warn", "gate", "sysctl fs.fanotify.max_user_groups=1024", "this host lets root have %u fanotify groups: no more "
			     "containers than that have a gate for executions", groups);
}

static bool can_freeze(void *ctx, const struct mntent *m)
{
	(void)ctx;
	return strcmp(m->mnt_type, "cgroup2") == 0 || (strcmp(m->mnt_type, "cgroup") == 0 && hasmntopt(m, "freezer"));
}

static void cgroups(struct patient *t)
{
	if (!mounts_find(0, can_freeze, NULL))
		patient_find(t, "fail", "cgroup", "mount the unified hierarchy: mount -t cgroup2 none /sys/fs/cgroup",
			     "no cgroup hierarchy that can freeze is mounted");
}

static const struct check {
	const char *what, *good;
	void (*look)(struct patient *t);
} checks[] = {
	{ "policy", "it can be read, and changed by root alone", policy },
	{ "runtime", "it is there, new enough, and not thymus", runtime },
	{ "hook", "it is there, and of this version", hook },
	{ "kernel", "new enough, and nothing forbids BPF or confines thymus", kernel },
	{ "BTF", "the kernel describes its types", btf },
	{ "sensor", "the kernel takes it", sensor },
	{ "gate", "executions can be refused", gate },
	{ "cgroup", "containers can be frozen", cgroups },
	{ "folders", "they are root's, can be written, and have room", check_folders },
	{ "clock", "nothing was written later than now", check_clock },
	{ "containers", "each has its keeper, and there are places left", check_containers },
	{ "pins", "each sensor in the kernel is needed", check_pins },
	{ "profiles", "each can be read, and can be promoted or is", check_profiles },
	{ "mode", "nobody outweighs the policy for all", check_mode },
	{ "docker", "what it says of thymus is right", check_docker },
	{ "containerd", "what it says of thymus is right", check_containerd },
	{ "crio", "what it says of thymus is right", check_crio },
	{ "podman", "what it says of thymus is right", check_podman },
	{ "hooks.d", "what is in it of thymus is right", check_hooks_d },
};

int doctor_examine(const struct policy *p, const struct doctor_wish *w, struct json **ret, struct err *e)
{
	auto_of(json) struct json *findings = json_new(JSON_ARRAY);
	struct patient t = { p, w->etc, w->host, findings, false };

	if (!findings)
		return fail(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !t.lost; i++) {
		const struct json *last = findings->last;

		checks[i].look(&t);
		if (w->all && findings->last == last)
			patient_find(&t, "ok", checks[i].what, "", "%s", checks[i].good);
	}
	*ret = STEAL(findings);
	return 0;
}
