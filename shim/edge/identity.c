/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identity.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine_facts.h"
#include "engine_name.h"
#include "file.h"
#include "fingerprint.h"

/* Who we are on the host: a rootless engine runs us as root of its own user namespace, and uid_map
 * (user_namespaces(7)) tells whose that is. */
static unsigned long host_uid(void)
{
	unsigned long inside, outside, count, uid = geteuid();
	auto_free char *text = NULL;
	struct err ignored;
	size_t len;

	if (file_read("/proc/self/uid_map", 1 << 20, &text, &len, &ignored) < 0)
		return uid;
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3 &&
		    uid >= inside && uid - inside < count)
			return outside + (uid - inside);
	}
	return uid;
}

static void take_scope(struct identity *who, const struct engine_facts *facts)
{
	unsigned long uid = host_uid();

	if (uid != 0)
		snprintf(who->scope, sizeof(who->scope), "uid-%lu", uid);
	else if (facts->space[0])
		engine_name_clean(facts->space, who->scope, sizeof(who->scope));
	else
		snprintf(who->scope, sizeof(who->scope), "default");
}

/* In words where the name came from. */
static const char *take_name(struct identity *who, const struct spec *s, const struct policy *p,
			     const struct engine_facts *facts)
{
	const char *entry = s->entry && *s->entry ? s->entry : "unnamed";
	const char *base = strrchr(entry, '/');

	if (s->profile && policy_admits_name(p, s->profile)) {
		engine_name_clean(s->profile, who->name, sizeof(who->name));
		return "annotation io.thymus.profile";
	}
	if (facts->name[0]) {
		engine_name_clean(facts->name, who->name, sizeof(who->name));
		return facts->source;
	}
	engine_name_clean(base && base[1] ? base + 1 : entry, who->name, sizeof(who->name));
	return "entry executable";
}

int identity_of(const struct spec *s, const char *bundle, const struct policy *p,
		struct identity *ret, struct err *e)
{
	const char *path = s->root_path && *s->root_path ? s->root_path : "rootfs";
	struct identity who = { .arch = "unknown" };
	struct engine_facts facts;
	char root[8192], hex[65];
	struct utsname host;
	const char *named;
	int rc = 0;

	snprintf(root, sizeof(root), "%s%s%s", *path == '/' ? "" : bundle, *path == '/' ? "" : "/",
		 path);
	(void)!engine_facts_read(s, root, bundle, &facts);
	take_scope(&who, &facts);
	named = take_name(&who, s, p, &facts);
	if (uname(&host) == 0)
		engine_name_clean(host.machine, who.arch, sizeof(who.arch));
	if (facts.digest[0]) {
		snprintf(who.image, sizeof(who.image), "sha256-%s", facts.digest);
	} else {
		rc = fingerprint_of(s, root, hex, e);
		snprintf(who.image, sizeof(who.image), "fp-%s", rc < 0 ? "" : hex);
	}
	if (rc < 0)
		return rc;
	snprintf(who.source, sizeof(who.source), "name: %s; image: %s", named,
		 facts.digest[0] ? "the engine's digest" : "fingerprint of its files");
	*ret = who;
	return 0;
}
