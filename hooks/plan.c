/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "cmdline.h"
#include "file.h"
#include "override.h"
#include "policy_load.h"
#include "rootless.h"
#include "state.h"
#include "store.h"

static int copy(char *to, size_t room, const char *from, const char *what, struct err *e)
{
	if (snprintf(to, room, "%s", from ? from : "") >= (int)room)
		return fail(e, ENAMETOOLONG, "%s is longer than %zu bytes", what, room - 1);
	return 0;
}

static int read_state(const char *text, size_t len, struct plan *p, struct err *e)
{
	auto_of(json) struct json *doc = NULL;
	unsigned long long pid = 0;
	int rc = json_parse(text, len, 0, &doc, e);

	if (rc < 0)
		return fail_in(e, rc, "OCI state on standard input");
	const char *id = json_string(json_get(doc, "id")), *bundle = json_string(json_get(doc, "bundle"));
	if (!id || !cmdline_valid_id(id))
		return fail(e, EINVAL, "OCI state on standard input: no valid container ID");
	if (!bundle || bundle[0] != '/')
		return fail(e, EINVAL, "OCI state on standard input: no absolute bundle");
	if (json_get(doc, "pid") && !json_u64(json_get(doc, "pid"), &pid))
		return fail(e, EINVAL, "OCI state on standard input: pid is no number");
	p->pid = (pid_t)pid;
	rc = copy(p->id, sizeof(p->id), id, "the container ID", e);
	return rc < 0 ? rc : copy(p->bundle, sizeof(p->bundle), bundle, "the bundle's path", e);
}

/* What the container's creator may say, where policy admits it.  What it may not is ignored, and told. */
static void admit(const struct spec *s, const char *flag, struct plan *p)
{
	struct err e;

	p->decided = flag ? "flag --thymus-mode" : p->policy.file ? "policy" : "built-in policy";
	if (flag)
		return; /* the administrator's own word, in the engine's configuration */
	if (s->mode && policy_admits_mode(&p->policy, s->mode) && policy_mode(s->mode, &p->asked, &e) == 0) {
		p->decided = "annotation io.thymus.mode";
		return;
	}
	if (s->mode)
		snprintf(p->ignored, sizeof(p->ignored), "annotation io.thymus.mode=%.100s is not admitted by policy", s->mode);
}

int plan_end(const char *state, size_t len, const char *policy_file, const char *root, struct plan *p, struct err *e)
{
	int rc;

	*p = (struct plan){ .pid = 0 };
	rc = copy(p->policy_file, sizeof(p->policy_file), policy_file, "the policy's path", e);
	if (rc == 0)
		rc = copy(p->root, sizeof(p->root), root, "the runtime's root", e);
	if (rc == 0)
		rc = policy_load(policy_file ? p->policy_file : NULL, &p->policy, e);
	if (rc == 0)
		rc = read_state(state, len, p, e);
	if (rc == 0)
		state_folder(&p->policy, root ? root : "", p->id, p->state);
	return rc;
}

static int find_rootfs(const struct spec *s, struct plan *p, struct err *e)
{
	auto_free char *plain = NULL;
	const char *path = s->root_path ? s->root_path : "rootfs";

	if (snprintf(p->rootfs, sizeof(p->rootfs), "%s%s%s", path[0] == '/' ? "" : p->bundle, path[0] == '/' ? "" : "/", path) >=
	    (int)sizeof(p->rootfs))
		return fail(e, ENAMETOOLONG, "root.path is too long");
	plain = realpath(p->rootfs, NULL); /* mount tables know no other name */
	return plain ? copy(p->rootfs, sizeof(p->rootfs), plain, "root.path", e) : 0;
}

static int plan_rest(const struct spec *s, const char *mode, struct plan *p, struct err *e)
{
	int rc;

	admit(s, mode, p);
	rc = identity_of(s, p->bundle, &p->policy, &p->who, e);
	if (rc == 0)
		rc = find_rootfs(s, p, e);
	if (rc == 0 && !rootless()) /* whose container is not watched */
		rc = cgroup_of(p->pid, &p->cgroup, e);
	if (rc < 0)
		return rc;
	store_path(&p->policy, p->who.scope, p->who.name, p->who.image, p->profile);
	if (access(p->profile, F_OK) < 0)
		store_predecessor(&p->policy, p->profile, p->predecessor);
	calls_classes(p->classes, (const char *const *)p->policy.floor_lift);
	return 0;
}

int plan_make(const char *state, size_t len, const char *policy_file, const char *root, const char *bundle,
	      const char *mode, struct plan *p, struct err *e)
{
	char config[4200];
	auto_free char *text = NULL;
	struct spec spec;
	size_t size;
	int rc = plan_end(state, len, policy_file, root, p, e);

	if (rc < 0)
		return rc;
	/* from here on a failure must know whether it closes */
	p->asked = p->policy.mode;
	rc = mode ? policy_mode(mode, &p->asked, e) : 0;
	if (rc == 0 && bundle) /* crun's hooks may be told another than the one it was given */
		rc = copy(p->bundle, sizeof(p->bundle), bundle, "the bundle's path", e);
	if (rc < 0)
		return rc;
	if (p->pid <= 0)
		return fail(e, EINVAL, "OCI state on standard input: no pid");
	snprintf(config, sizeof(config), "%s/config.json", p->bundle);
	rc = file_read(config, JSON_BYTES, &text, &size, e);
	if (rc == 0)
		rc = spec_parse(text, size, &spec, e);
	if (rc < 0)
		return fail_in(e, rc, config);
	rc = plan_rest(&spec, mode, p, e);
	spec_done(&spec);
	return rc;
}

/* What a config.json would say of a process that has none. */
static int spec_of_process(pid_t pid, struct spec *ret, struct err *e)
{
	auto_of(json) struct json *doc = json_new(JSON_OBJECT);
	char path[64], file[4096];
	auto_buf text = { 0 };
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, file, sizeof(file) - 1);
	if (n <= 0)
		return fail(e, errno, "find what process %d executes: %m", pid);
	file[n] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	if (!json_set(doc, "ociVersion", json_str("1.0.2")) ||
	    !json_set(json_set(doc, "root", json_new(JSON_OBJECT)), "path", json_str(path)) ||
	    !json_add(json_set(json_set(doc, "process", json_new(JSON_OBJECT)), "args", json_new(JSON_ARRAY)), json_str(file)))
		return fail(e, ENOMEM, "out of memory");
	json_emit(doc, 0, &text);
	return text.failed ? fail(e, ENOMEM, "out of memory") : spec_parse(text.text, text.len, ret, e);
}

int plan_make_late(const char *state, size_t len, const char *policy_file, const char *root, const char *mode, struct plan *p,
		   struct err *e)
{
	char config[4200];
	auto_free char *text = NULL;
	struct spec spec;
	size_t size;
	int rc = plan_end(state, len, policy_file, root, p, e);

	if (rc < 0)
		return rc;
	p->late = true;
	p->asked = p->policy.mode;
	rc = mode ? policy_mode(mode, &p->asked, e) : 0;
	if (rc == 0 && strcmp(p->bundle, "/") == 0) {
		rc = spec_of_process(p->pid, &spec, e);
	} else if (rc == 0) {
		snprintf(config, sizeof(config), "%s/config.json", p->bundle);
		rc = file_read(config, JSON_BYTES, &text, &size, e);
		if (rc == 0)
			rc = spec_parse(text, size, &spec, e);
		if (rc < 0)
			(void)!fail_in(e, rc, config);
	}
	if (rc < 0)
		return rc;
	rc = plan_rest(&spec, mode, p, e);
	spec_done(&spec);
	return rc;
}

enum mode plan_mode(const struct plan *p)
{
	char name[sizeof(p->who.scope) + sizeof(p->who.name) + 1];
	enum mode said;

	snprintf(name, sizeof(name), "%s%s%s", p->who.scope, p->who.name[0] ? "/" : "", p->who.name);
	return override_get(&p->policy, p->state, name, &said) ? said : p->asked;
}

int plan_refuse_upgrade(const struct plan *p, struct err *e)
{
	return fail(e, ENOENT, "workload %s/%s has a new image, %.19s, which has no profile to enforce; its predecessor is %s: "
		    "let it run in mode learn first, or say \"on_upgrade\": \"learn\" in the policy", p->who.scope, p->who.name,
		    p->who.image, p->predecessor);
}

bool plan_refuses(const struct plan *p)
{
	enum mode mode = plan_mode(p);

	return p->predecessor[0] && p->policy.on_upgrade == UPGRADE_REFUSE &&
	       (mode == MODE_ENFORCE || (mode == MODE_AUTO && p->policy.ready_mode == MODE_ENFORCE));
}

bool plan_closes(const struct plan *p)
{
	auto_of(profile) struct profile *profile = NULL;
	enum mode mode = plan_mode(p);
	struct err ignored;
	int rc;

	if (mode != MODE_AUTO || p->policy.ready_mode != MODE_ENFORCE)
		return mode == MODE_ENFORCE;
	rc = store_load(p->profile, &profile, &ignored);
	return rc < 0 ? rc != -ENOENT : profile->state == PROFILE_READY;
}
