/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trial.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "delegate.h"
#include "file.h"
#include "state.h"

enum { SECONDS = 60, KEEPER_TENTHS = 100, LOG_BYTES = 1 << 20 };

/* The folders of this host that a dynamic program needs; those that are links here are links there. */
static const char *const shared[] = { "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix", NULL };

struct trial {
	const struct policy *policy;
	const char *program;
	char folder[1200], bundle[1300], id[48];
};

static bool add_mount(struct json *mounts, const char *type, const char *source, const char *destination)
{
	struct json *row = json_add(mounts, json_new(JSON_OBJECT));
	struct json *options;

	if (!json_set(row, "destination", json_str(destination)) || !json_set(row, "type", json_str(type)) ||
	    !json_set(row, "source", json_str(source)))
		return false;
	if (strcmp(type, "bind") != 0)
		return true;
	options = json_set(row, "options", json_new(JSON_ARRAY));
	return json_add(options, json_str("bind")) && json_add(options, json_str("ro"));
}

/* The root file system, and a mount for each folder that it shares with the host. */
static int make_root(const struct trial *t, struct json *mounts, struct err *e)
{
	char path[1500], from[32], link[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/rootfs/proc", t->bundle);
	int rc = file_mkdirs(path, e);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof(path), "%s/rootfs/dev", t->bundle);
	if (mkdir(path, 0755) < 0)
		return fail(e, errno, "make %s: %m", path);
	/* runtimes make devices in /dev: in memory, not in our folder */
	if (!add_mount(mounts, "proc", "proc", "/proc") || !add_mount(mounts, "tmpfs", "tmpfs", "/dev"))
		return fail(e, ENOMEM, "out of memory");
	for (size_t i = 0; shared[i]; i++) {
		snprintf(path, sizeof(path), "%s/rootfs/%s", t->bundle, shared[i]);
		snprintf(from, sizeof(from), "/%s", shared[i]);
		if (lstat(from, &st) < 0)
			continue;
		if (S_ISLNK(st.st_mode)) {
			ssize_t n = readlink(from, link, sizeof(link) - 1);

			link[n < 0 ? 0 : n] = '\0';
			if (symlink(link, path) < 0)
				return fail(e, errno, "make %s: %m", path);
		} else if (S_ISDIR(st.st_mode)) {
			if (mkdir(path, 0755) < 0)
				return fail(e, errno, "make %s: %m", path);
			if (!add_mount(mounts, "bind", from, from))
				return fail(e, ENOMEM, "out of memory");
		}
	}
	return 0;
}

/* Never through what lies below: a mount there could be the host's own /usr. */
static void remove_root(const struct trial *t)
{
	static const char *const rest[] = { "/proc", "/dev", "" };
	char path[1500];

	for (size_t i = 0; shared[i]; i++) {
		snprintf(path, sizeof(path), "%s/rootfs/%s", t->bundle, shared[i]);
		if (unlink(path) < 0)
			rmdir(path);
	}
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
		snprintf(path, sizeof(path), "%s/rootfs%s", t->bundle, rest[i]);
		rmdir(path);
	}
}

static int write_json(const char *folder, const char *name, const struct json *doc, struct err *e)
{
	auto_buf text = { 0 };
	char path[1500];

	json_emit(doc, 2, &text);
	if (!doc || text.failed)
		return fail(e, ENOMEM, "out of memory");
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return file_replace(AT_FDCWD, path, text.text, text.len, 0600, path, e);
}

static bool add_process(struct json *doc, const struct trial *t)
{
	static const char *const namespaces[] = { "pid", "ipc", "uts", "mount" };
	struct json *process = json_set(doc, "process", json_new(JSON_OBJECT)), *user, *linux_part, *list;

	char group[64];

	snprintf(group, sizeof(group), "/%s", t->id);
	user = json_set(process, "user", json_new(JSON_OBJECT));
	linux_part = json_set(doc, "linux", json_new(JSON_OBJECT));
	list = json_set(linux_part, "namespaces", json_new(JSON_ARRAY));
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (!json_set(json_add(list, json_new(JSON_OBJECT)), "type", json_str(namespaces[i])))
			return false;
	return json_set(user, "uid", json_num(0)) && json_set(user, "gid", json_num(0)) &&
	       json_add(json_set(process, "args", json_new(JSON_ARRAY)), json_str("/bin/true")) &&
	       json_set(process, "cwd", json_str("/")) && json_set(process, "noNewPrivileges", json_flag(true)) &&
	       json_add(json_set(process, "env", json_new(JSON_ARRAY)), json_str("PATH=/usr/bin:/bin")) &&
	       json_set(linux_part, "cgroupsPath", json_str(group));
}

static int write_bundle(const struct trial *t, const struct json *mounts, struct err *e)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	struct json *root = json_set(doc, "root", json_new(JSON_OBJECT)), *copy = json_set(doc, "mounts", json_new(JSON_ARRAY));

	for (const struct json *v = mounts->child; v; v = v->next)
		if (!add_mount(copy, json_string(json_get(v, "type")), json_string(json_get(v, "source")),
			       json_string(json_get(v, "destination"))))
			return fail(e, ENOMEM, "out of memory");
	if (!json_set(doc, "ociVersion", json_str("1.0.2")) || !json_set(root, "path", json_str("rootfs")) ||
	    !json_set(root, "readonly", json_flag(true)) || !add_process(doc, t))
		return fail(e, ENOMEM, "out of memory");
	return write_json(t->bundle, "config.json", doc, e);
}

/* The host's policy, but for where it learns to. */
static int write_policy(const struct trial *t, struct err *e)
{
	static const char *const own[] = { "profiles", "incidents", "log" };
	const struct policy *p = t->policy;
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	struct json *folders = json_set(doc, "folders", json_new(JSON_OBJECT));
	char path[1300];

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		snprintf(path, sizeof(path), "%s/kept/%s", t->folder, own[i]);
		if (!json_set(folders, own[i], json_str(path)))
			return fail(e, ENOMEM, "out of memory");
	}
	/* `run` and `bpf` stay: who shares a sensor shares its lock */
	if (!json_set(folders, "run", json_str(p->run)) || !json_set(folders, "bpf", json_str(p->bpf)) ||
	    !json_set(doc, "mode", json_str(p->mode == MODE_OFF ? "off" : "learn")) ||
	    !json_set(doc, "attach_timeout", json_num(p->attach_timeout)) ||
	    (p->delegate && !json_set(doc, "delegate", json_str(p->delegate))))
		return fail(e, ENOMEM, "out of memory");
	return write_json(t->folder, "policy.json", doc, e);
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)at;
	(void)(kind == FTW_DP ? rmdir(path) : unlink(path));
	return 0;
}

static void clean(const struct trial *t)
{
	static const char *const files[] = { "policy.json", "bundle/config.json" };
	char path[1500];

	remove_root(t);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", t->folder, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/kept", t->folder);
	(void)nftw(path, drop, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	snprintf(path, sizeof(path), "%s/root", t->folder);
	(void)nftw(path, drop, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	rmdir(t->bundle);
	rmdir(t->folder);
}

/* One of the runtime's commands, by thymus or (`bare`) without it. */
static int command(const struct trial *t, const char *bare, bool run, struct buf *said, struct err *e)
{
	char policy[1300], root[1300];
	char *argv[12], **at = argv;

	snprintf(policy, sizeof(policy), "%s/policy.json", t->folder);
	snprintf(root, sizeof(root), "%s/root", t->folder);
	*at++ = (char *)(bare ? bare : t->program);
	if (!bare) {
		*at++ = (char *)"--thymus-policy";
		*at++ = policy;
	}
	*at++ = (char *)"--root";
	*at++ = root;
	*at++ = (char *)(run ? "run" : "delete");
	*at++ = (char *)(run ? "--bundle" : "-f");
	if (run)
		*at++ = (char *)t->bundle;
	*at++ = (char *)t->id;
	*at = NULL;
	return command_run(&(struct command_wish){ argv, NULL, NULL, SECONDS }, said, e);
}

/* Its keeper writes what was learned before it goes. */
static void wait_for_keeper(const struct trial *t)
{
	char root[1300], folder[4096];

	snprintf(root, sizeof(root), "%s/root", t->folder);
	state_folder(t->policy, root, t->id, folder);
	for (unsigned i = 0; i < KEEPER_TENTHS && access(folder, F_OK) == 0; i++)
		usleep(100000);
}

/* Run it and leave nothing; 0: it ended well. */
static int once(const struct trial *t, const struct json *mounts, const char *bare, struct err *e)
{
	auto_buf said = { 0 }, ignored = { 0 };
	struct err unheard;
	int rc = write_bundle(t, mounts, e);

	if (rc < 0)
		return rc;
	rc = command(t, bare, true, &said, e);
	if (rc > 0) {
		const char *why = command_last_line(&said);

		rc = fail(e, EIO, "%.200s", *why ? why : "it ended with an error and said nothing");
	}
	(void)!command(t, bare, false, &ignored, &unheard);
	wait_for_keeper(t);
	return rc;
}

static void find_unwatched(const struct trial *t, char ret[256])
{
	auto_free char *text = NULL;
	char path[1300];
	struct err ignored;
	size_t len;

	ret[0] = '\0';
	snprintf(path, sizeof(path), "%s/kept/log/events.jsonl", t->folder);
	if (file_read(path, LOG_BYTES, &text, &len, &ignored) < 0)
		return;
	for (char *line = text, *next; *line; line = next) {
		auto_of(json) struct json *doc = NULL;
		const char *type;

		next = line + strcspn(line, "\n");
		if (json_parse(line, (size_t)(next - line), 0, &doc, &ignored) == 0) {
			type = json_string(json_get(doc, "type"));
			if (type && strcmp(type, "error") == 0 && json_string(json_get(doc, "message")))
				snprintf(ret, 256, "%s", json_string(json_get(doc, "message")));
		}
		next += *next == '\n';
	}
}

static int attempt(const struct trial *t, char unwatched[256], struct err *e)
{
	auto_of(json) struct json *mounts = json_new(JSON_ARRAY);
	char runtime[4096];
	struct err bare;
	int rc = make_root(t, mounts, e);

	if (rc == 0)
		rc = write_policy(t, e);
	if (rc == 0)
		rc = delegate_find(t->policy->delegate, runtime, e);
	if (rc < 0)
		return rc;
	rc = once(t, mounts, NULL, e);
	if (rc == 0) {
		find_unwatched(t, unwatched);
		return 0;
	}
	/* whose fault is it? */
	if (once(t, mounts, runtime, &bare) < 0)
		return fail_in(e, rc, "neither thymus nor the runtime behind it can run a trial container here");
	return fail_in(e, rc, "the runtime behind thymus can run a trial container here, and thymus cannot");
}

int trial_run(const struct policy *p, const char *program, char unwatched[256], struct err *e)
{
	struct trial t = { .policy = p, .program = program };
	int rc = file_mkdirs(p->run, e);

	if (rc < 0)
		return rc;
	snprintf(t.folder, sizeof(t.folder), "%s/trial-XXXXXX", p->run);
	if (!mkdtemp(t.folder))
		return fail(e, errno, "make a folder in %s: %m", p->run);
	snprintf(t.bundle, sizeof(t.bundle), "%s/bundle", t.folder);
	snprintf(t.id, sizeof(t.id), "thymus-trial-%d", getpid());
	rc = attempt(&t, unwatched, e);
	clean(&t);
	return rc;
}
