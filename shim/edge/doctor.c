/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <unistd.h>

#include "delegate.h"
#include "file.h"
#include "folder.h"
#include "gate_exec.h"
#include "hook_path.h"
#include "mounts.h"
#include "override.h"
#include "process.h"
#include "sensor.h"
#include "state.h"
#include "status.h"

enum { CONFIG_BYTES = 4 << 20 };

struct patient {
	const struct policy *policy;
	const char *etc;
	struct json *findings;
};

__attribute__((format(printf, 5, 6)))
static void find(struct patient *t, const char *level, const char *what, const char *remedy, const char *fmt, ...)
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

/* ---- the programs ---- */

static bool is_ourselves(const char *path)
{
	struct stat own, other;

	return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static void runtime(struct patient *t)
{
	char path[4096];
	struct err e;

	if (delegate_find(t->policy->delegate, path, &e) < 0)
		find(t, "fail", "runtime", "apt-get install runc, or name one in the policy's \"delegate\"", "%s", e.text);
	else if (access(path, X_OK) < 0)
		find(t, "fail", "runtime", "install it, or correct the policy's \"delegate\"",
		     "%.400s is no program: no container can start", path);
	else if (is_ourselves(path))
		find(t, "fail", "runtime", "name runc or crun in the policy's \"delegate\"",
		     "%.400s is thymus itself: no container can start", path);
}

static void hook(struct patient *t)
{
	char path[PATH_MAX];

	hook_path(path);
	if (access(path, X_OK) < 0)
		find(t, "fail", "hook", "install thymus again: make install, or its package",
		     "%.400s is not there: containers that are to be watched cannot start", path);
}

/* ---- the kernel ---- */

static void sensor(struct patient *t)
{
	struct sensor *s = NULL;

	if (strchr(t->policy->bpf, '.')) {
		find(t, "fail", "sensor", "name a folder without a dot in the policy's \"folders\".\"bpf\"",
		     "%.400s: the kernel refuses a dot in names under /sys/fs/bpf", t->policy->bpf);
		return;
	}
	char lock[4200];
	struct err e;

	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		find(t, "fail", "BTF", "boot a kernel with CONFIG_DEBUG_INFO_BTF, as all distributions' are",
		     "this kernel does not describe its types (BTF): the sensor cannot load");
	snprintf(lock, sizeof(lock), "%s/sensor.lock", t->policy->run);
	if (file_mkdirs(t->policy->run, &e) < 0 || sensor_open(t->policy->bpf, lock, true, &s, &e) < 0)
		find(t, "fail", "sensor", "run it as root on Linux 5.15 or newer, where nothing forbids BPF (lockdown, a container)",
		     "%s", e.text);
	sensor_close(s);
}

static void gate(struct patient *t)
{
	struct err e;

	if (gate_exec_probe(&e) < 0)
		find(t, "warn", "gate", "boot a kernel with CONFIG_FANOTIFY_ACCESS_PERMISSIONS",
		     "%s: executions are stopped, not refused", e.text);
}

static bool can_freeze(void *ctx, const struct mntent *m)
{
	(void)ctx;
	return strcmp(m->mnt_type, "cgroup2") == 0 || (strcmp(m->mnt_type, "cgroup") == 0 && hasmntopt(m, "freezer"));
}

static void cgroups(struct patient *t)
{
	if (!mounts_find(0, can_freeze, NULL))
		find(t, "fail", "cgroup", "mount the unified hierarchy: mount -t cgroup2 none /sys/fs/cgroup",
		     "no cgroup hierarchy that can freeze is mounted");
}

/* ---- the folders ---- */

static void folder(struct patient *t, const char *key, const char *path)
{
	char remedy[4200];
	struct statvfs fs;
	struct stat st;

	if (lstat(path, &st) < 0 && errno == ENOENT)
		return; /* made when it is needed */
	snprintf(remedy, sizeof(remedy), "chown root: %.1000s && chmod 700 %.1000s", path, path);
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		find(t, "fail", key, "remove what lies there, or name another folder in the policy", "%.400s is no folder", path);
	else if (st.st_uid != geteuid() || st.st_mode & 022)
		find(t, "fail", key, remedy, "%.400s may be written by others: they could change what is enforced", path);
	else if (statvfs(path, &fs) == 0 && fs.f_bavail * fs.f_frsize < 64u << 20 && fs.f_bavail * 20 < fs.f_blocks)
		find(t, "warn", key, "make room, or name another folder in the policy",
		     "%.400s has little room left: what is learned and why something was stopped could not be written", path);
}

static void folders(struct patient *t)
{
	folder(t, "profiles", t->policy->profiles);
	folder(t, "incidents", t->policy->incidents);
	folder(t, "run", t->policy->run);
	folder(t, "log", t->policy->log);
}

/* ---- what runs, and what was learned ---- */

static void containers(struct patient *t)
{
	auto_of(list) char **all = NULL;
	struct err e;

	if (state_list(t->policy, &all, &e) < 0) {
		find(t, "fail", "containers", "see the folder's owner and mode", "%s", e.text);
		return;
	}
	for (size_t i = 0; all[i]; i++) {
		auto_state s = { 0 };
		int rc = state_load(all[i], &s, &e);

		if (rc < 0 && rc != -ENOENT)
			find(t, "fail", "containers", "remove that folder once its container has ended", "%s", e.text);
		else if (rc == 0 && s.keeper && !process_is_same((pid_t)s.keeper, s.keeper_start))
			find(t, "warn", "containers", "start the container again",
			     "container %.64s has lost its keeper: the kernel goes on as before, but nobody learns, explains or heals",
			     s.id);
	}
}

static void profiles(struct patient *t)
{
	auto_of(json) struct json *all = NULL;
	struct err e;

	if (status_profiles(t->policy, &all, &e) < 0) {
		find(t, "fail", "profiles", "see the folder's owner and mode", "%s", e.text);
		return;
	}
	for (const struct json *v = all->child; v; v = v->next) {
		const char *name = json_string(json_get(v, "name")), *state = json_string(json_get(v, "state"));
		const char *lacks = json_string(json_get(v, "lacks"));

		if (!name || !state || !lacks)
			continue;
		if (strcmp(state, "unreadable") == 0)
			find(t, "fail", "profile", "thymus profile rm, and learn again, or put a copy back", "%s", lacks);
		else if (strstr(lacks, "never ready"))
			find(t, "warn", "profile", "see thymus profile show", "%.100s: %.300s", name, lacks);
		else if (strcmp(state, "suspect") == 0)
			find(t, "warn", "profile", "see thymus profile show", "%.100s is suspect: it is not enforced", name);
	}
}

static void switched(struct patient *t)
{
	enum mode mode;
	struct err e;

	if (override_check(t->policy, &e) < 0)
		find(t, "fail", "mode", "say again what shall be in force: thymus mode MODE NAME|--all", "%s", e.text);
	if (override_get(t->policy, NULL, "", &mode))
		find(t, "warn", "mode", "thymus mode default --all", "somebody said mode %s for all containers of this host",
		     policy_mode_name(mode));
}

/* ---- the engines ---- */

/* A program that a configuration names by `key` = "PATH" behind the word thymus. */
static void named(struct patient *t, const char *engine, const char *file, const char *path, const char *key)
{
	auto_free char *text = NULL;
	char program[PATH_MAX], remedy[64];
	struct err e;
	size_t len;

	if (file_read(file, CONFIG_BYTES, &text, &len, &e) < 0)
		return;
	const char *at = strstr(text, path);
	at = at ? strstr(at, key) : NULL;
	at = at ? strchr(at + strlen(key), '"') : NULL;
	if (!at)
		return;
	snprintf(program, sizeof(program), "%.*s", (int)strcspn(at + 1, "\""), at + 1);
	snprintf(remedy, sizeof(remedy), "thymus setup %s", engine);
	if (access(program, X_OK) < 0)
		find(t, "fail", engine, remedy, "%.200s names %.200s, which is not there", file, program);
}

static void docker(struct patient *t, const char *file)
{
	auto_of(json) struct json *doc = NULL;
	auto_free char *text = NULL;
	const char *path;
	struct err e;
	size_t len;

	if (file_read(file, CONFIG_BYTES, &text, &len, &e) < 0 || len == 0)
		return;
	if (json_parse(text, len, 0, &doc, &e) < 0) {
		find(t, "fail", "docker", "correct it: dockerd does not start with it either", "%.200s: %s", file, e.text);
		return;
	}
	path = json_string(json_at(doc, "runtimes.thymus.path"));
	if (path && access(path, X_OK) < 0)
		find(t, "fail", "docker", "thymus setup docker", "%.200s names %.200s, which is not there", file, path);
	path = json_string(json_get(doc, "default-runtime"));
	if (path && strcmp(path, "thymus") == 0 && !json_at(doc, "runtimes.thymus"))
		find(t, "fail", "docker", "thymus setup docker --default", "%.200s wants thymus by default, and does not say where it is",
		     file);
}

static void engines(struct patient *t)
{
	char file[PATH_MAX];

	snprintf(file, sizeof(file), "%s/docker/daemon.json", t->etc);
	docker(t, file);
	snprintf(file, sizeof(file), "%s/containerd/config.toml", t->etc);
	named(t, "containerd", file, "runtimes.thymus.options]", "BinaryName =");
	snprintf(file, sizeof(file), "%s/crio/crio.conf.d/60-thymus.conf", t->etc);
	named(t, "crio", file, "runtimes.thymus]", "runtime_path =");
	snprintf(file, sizeof(file), "%s/containers/containers.conf.d/60-thymus.conf", t->etc);
	named(t, "podman", file, "[engine.runtimes]", "thymus =");
}

int doctor_examine(const struct policy *p, const char *etc, struct json **ret, struct err *e)
{
	static void (*const all[])(struct patient *) = {
		runtime, hook, sensor, gate, cgroups, folders, containers, profiles, switched, engines,
	};
	auto_of(json) struct json *findings = json_new(JSON_ARRAY);
	struct patient t = { p, etc, findings };

	if (!findings)
		return fail(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		all[i](&t);
	*ret = STEAL(findings);
	return 0;
}
