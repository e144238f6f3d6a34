/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identity.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "engine_facts.h"
#include "engine_name.h"
#include "file.h"
#include "fingerprint.h"
#include "rootless.h"
#include "utf8.h"

/* What was asked, in the order of asking: `thymus explain` shows it. */
static __attribute__((format(printf, 5, 6)))
void step(struct identity *who, const char *what, bool used, const char *source, const char *format, ...)
{
	size_t at = strlen(who->trail);
	char words[256];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	utf8_keep(words); /* what others chose must not make lines of its own */
	snprintf(who->trail + at, sizeof(who->trail) - at, "%s\t%s\t%s\t%s\n", what, used ? "used" : "not used", source, words);
}

static void take_scope(struct identity *who, const struct policy *p, const struct policy_subject *of,
		       const struct engine_facts *facts)
{
	const char *tenant = policy_rule(p, "tenant", of);
	unsigned long uid = rootless_uid();

	step(who, "scope", tenant, "policy rule", "%s", tenant ? tenant : p->rules ? "no rule with a tenant matches" : "the policy has no rules");
	if (tenant) {
		snprintf(who->scope, sizeof(who->scope), "%s", tenant);
		return;
	}
	step(who, "scope", uid != 0, "rootless user", uid ? "uid-%lu" : "the engine runs as root", uid);
	if (uid != 0) {
		snprintf(who->scope, sizeof(who->scope), "uid-%lu", uid);
		return;
	}
	step(who, "scope", facts->space[0], "Kubernetes namespace", "%s", facts->space[0] ? facts->space : "the engine names none");
	if (facts->space[0]) {
		engine_name_clean(facts->space, who->scope, sizeof(who->scope));
		return;
	}
	snprintf(who->scope, sizeof(who->scope), "default");
	step(who, "scope", true, "default", "default");
}

/* In words where the name came from. */
static const char *take_name(struct identity *who, const struct spec *s, const struct policy *p,
			     const struct policy_subject *of, const struct engine_facts *facts)
{
	const char *entry = s->entry && *s->entry ? s->entry : "unnamed";
	const char *base = strrchr(entry, '/'), *rule = policy_rule(p, "name", of);
	const char *source = facts->source[0] ? facts->source : "the engine's files";

	step(who, "name", rule, "policy rule", "%s", rule ? rule : p->rules ? "no rule with a name matches" : "the policy has no rules");
	if (rule) {
		snprintf(who->name, sizeof(who->name), "%s", rule);
		return "policy rule";
	}
	bool admitted = s->profile && !facts->sandbox && policy_admits_name(p, s->profile);
	step(who, "name", admitted, "annotation io.thymus.profile", admitted || !s->profile ? "%s" : facts->sandbox ?
	     "%.100s is for the pod's containers, not for its sandbox" :
	     "%.100s is not admitted by the policy (annotations.profile)", s->profile ? s->profile : "the container has none");
	if (admitted) {
		engine_name_clean(s->profile, who->name, sizeof(who->name));
		return "annotation io.thymus.profile";
	}
	step(who, "name", facts->name[0], source, "%s", facts->name[0] ? facts->name : facts->source[0] ?
	     "the name was made up by the engine, and the image's says nothing" :
	     "no config.v2.json of Docker, containers.json of podman or CRI-O, or annotations of containerd's CRI belongs to it");
	if (facts->name[0]) {
		engine_name_clean(facts->name, who->name, sizeof(who->name));
		return facts->source;
	}
	engine_name_clean(base && base[1] ? base + 1 : entry, who->name, sizeof(who->name));
	step(who, "name", true, "entry executable", "%s", entry);
	return "entry executable";
}

static int take_image(struct identity *who, const struct spec *s, const char *root, const struct engine_facts *facts, struct err *e)
{
	const char *source = facts->source[0] ? facts->source : "the engine's files";
	char hex[65];
	int rc;

	step(who, "image", facts->digest[0], source, "%s", facts->digest[0] ? facts->digest : "it gives no digest of the image");
	if (facts->digest[0]) {
		snprintf(who->image, sizeof(who->image), "sha256-%s", facts->digest);
		return 0;
	}
	rc = fingerprint_of(s, root, hex, e);
	if (rc < 0)
		return rc;
	snprintf(who->image, sizeof(who->image), "fp-%s", hex);
	step(who, "image", true, "fingerprint", "of os-release, package database and entry executable in %s", root);
	return 0;
}

int identity_of(const struct spec *s, const char *bundle, const struct policy *p,
		struct identity *ret, struct err *e)
{
	const char *path = s->root_path && *s->root_path ? s->root_path : "rootfs";
	struct identity who = { .arch = "unknown" };
	struct engine_facts facts;
	struct policy_subject of;
	char root[8192];
	struct utsname host;
	const char *named;
	int rc;

	snprintf(root, sizeof(root), "%s%s%s", *path == '/' ? "" : bundle, *path == '/' ? "" : "/",
		 path);
	(void)!engine_facts_read(s, root, bundle, &facts);
	of = (struct policy_subject){ root, s->cgroups_path, bundle };
	take_scope(&who, p, &of, &facts);
	named = take_name(&who, s, p, &of, &facts);
	if (uname(&host) == 0)
		engine_name_clean(host.machine, who.arch, sizeof(who.arch));
	rc = take_image(&who, s, root, &facts, e);
	if (rc < 0)
		return rc;
	snprintf(who.source, sizeof(who.source), "name: %s; image: %s", named,
		 facts.digest[0] ? "the engine's digest" : "fingerprint of its files");
	*ret = who;
	return 0;
}
