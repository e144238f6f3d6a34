/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "spec.h"
#include "tap.h"

static const char *const args[] = { "thymus-hook", "createRuntime", NULL };
static const struct spec_hook hook = { "/h/thymus-hook", args, NULL, 15 };

static int parse(const char *text, struct spec *ret, struct err *e)
{
	return spec_parse(text, strlen(text), ret, e);
}

static void test_read(void)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"rootfs\"},"
		"\"process\":{\"args\":[\"/bin/nginx\",\"-g\"]},"
		"\"linux\":{\"cgroupsPath\":\"/docker/1\",\"namespaces\":[{\"type\":\"pid\"},"
		"{\"type\":\"mount\",\"path\":\"\"}]},"
		"\"annotations\":{\"io.thymus.mode\":\"off\",\"A\":\"1\",\"a\":\"2\"},"
		"\"x-new\":[1]}";
	struct spec s = { 0 };
	struct err e = { "" };

	ok(parse(text, &s, &e) == 0, "a document: %s", e.text);
	ok(strcmp(s.oci_version, "1.0.2-dev") == 0 && strcmp(s.root_path, "rootfs") == 0 &&
	   strcmp(s.cgroups_path, "/docker/1") == 0 && strcmp(s.entry, "/bin/nginx") == 0,
	   "its facts");
	ok(s.mount_namespace && strcmp(s.mode, "off") == 0 && !s.profile,
	   "namespace and annotations");
	ok(strcmp(spec_annotation(&s, "A"), "1") == 0 &&
	   strcmp(spec_annotation(&s, "a"), "2") == 0 && !spec_annotation(&s, "b"),
	   "annotations may differ in case only");
	spec_done(&s);
	ok(parse("{\"root\":null,\"process\":null,\"linux\":{\"namespaces\":[{\"type\":\"mount\","
		 "\"path\":\"/proc/1/ns/mnt\"}]}}", &s, &e) == 0 && !s.root_path && !s.entry &&
	   !s.mount_namespace, "null is absent, a path joins");
	spec_done(&s);
	ok(parse("{\"process\":{\"args\":[1]}}", &s, &e) == 0 && !s.entry,
	   "words that are none are the runtime's to judge: crun takes a number");
	spec_done(&s);
	ok(parse("{}", &s, &e) == 0 && !s.oci_version && !s.cgroups_path, "an empty one");
	spec_done(&s);
}

/* One reading for all: what runc would take for a known key is written as that one. */
static void test_settled(void)
{
	static const struct { const char *text, *at; } rows[] = {
		{ "{\"Root\":{\"PATH\":\"x\"}}", "root.path" },
		{ "{\"process\":{\"noNewPrivilege\xc5\xbf\":true}}", "process.noNewPrivileges" },
		{ "{\"process\":{\"user\":{\"UID\":0}}}", "process.user.uid" },
		{ "{\"process\":{\"capabilities\":{\"Bounding\":[]}}}", "process.capabilities.bounding" },
		{ "{\"hooks\":{\"CreateRuntime\":[]}}", "hooks.createRuntime" },
		{ "{\"linux\":{\"resources\":{\"CPU\":{\"Cpus\":\"0\"}}}}", "linux.resources.cpu.cpus" },
		{ "{\"linux\":{\"resources\":{\"rdma\":{\"mlx\":{\"HcaHandles\":1}}}}}", "linux.resources.rdma.mlx.hcaHandles" },
		{ "{\"linux\":{\"timeOffsets\":{\"boottime\":{\"Secs\":1}}}}", "linux.timeOffsets.boottime.secs" },
		{ "{\"annotations\":{\"Root\":\"x\"}}", "annotations.Root" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { "" };
		struct spec s;

		ok(parse(rows[i].text, &s, &e) == 0 && json_at(s.doc, rows[i].at), "%s has %s %s", rows[i].text, rows[i].at, e.text);
		spec_done(&s);
	}
}

static void test_refused(void)
{
	static const struct { const char *text, *words; } rows[] = {
		{ "[]", "not an object" },
		{ "{\"root\":{\"path\":\"a\"},\"Root\":{\"path\":\"b\"}}", "\"Root\" is \"root\" to some readers, and so is \"root\": write \"root\" once" },
		{ "{\"process\":{\"noNewPrivilege\xc5\xbf\":true,\"noNewPrivileges\":false}}", "process: key" },
		{ "{\"process\":{\"user\":{\"UID\":0,\"Uid\":1}}}", "process.user" },
		{ "{\"mounts\":[{},{\"Source\":\"/\",\"source\":\"/\"}]}", "mounts.*: key \"Source\"" },
		/* the outer key is settled before what is in it */
		{ "{\"Linux\":{\"Seccomp\":null,\"seccomp\":{}}}", "linux: key" },
		{ "{\"ociVersion\":1}", "ociVersion is not a string" },
		{ "{\"root\":[]}", "root is not an object" },
		{ "{\"root\":{\"path\":{}}}", "root.path is not a string" },
		{ "{\"process\":{\"args\":\"sh\"}}", "process.args is not an array" },
		{ "{\"annotations\":{\"a\":1}}", "annotations holds what is not a string" },
		{ "{\"linux\":{\"namespaces\":[\"mount\"]}}",
			"namespaces holds what is not an object" },
		{ "{\"hooks\":[]}", "hooks is not an object" },
		{ "{\"hooks\":{\"poststop\":{}}}", "hooks.poststop is not an array" },
		{ "{\"root\":{},\"root\":{}}", "key \"root\" appears twice" },
		{ "{/**/}", "not JSON" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spec s = { 0 };
		struct err e = { "" };

		ok(parse(rows[i].text, &s, &e) < 0 && !s.doc && strstr(e.text, rows[i].words), "%s",
		   e.text);
	}
}

static void test_free_form(void)
{
	static const char *const legal[] = {
		"{\"annotations\":{\"Root\":\"a\",\"root\":\"b\"}}",
		"{\"linux\":{\"sysctl\":{\"net.A\":\"1\",\"net.a\":\"1\"}}}",
		"{\"linux\":{\"resources\":{\"unified\":{\"Memory.max\":\"1\",\"memory.max\":\"1\"}}}}",
		"{\"linux\":{\"resources\":{\"rdma\":{\"MLX\":{},\"mlx\":{}}}}}",
		"{\"new\":{\"Root\":1,\"root\":2},\"hooks\":{\"later\":\"x\"}}",
	};

	for (size_t i = 0; i < sizeof(legal) / sizeof(legal[0]); i++) {
		struct spec s = { 0 };
		struct err e = { "" };

		ok(parse(legal[i], &s, &e) == 0, "%s is legal %s", legal[i], e.text);
		spec_done(&s);
	}
}

static void expect_hooks(const char *before, const char *after)
{
	struct err e = { "" };
	struct spec s = { 0 };

	ok(parse(before, &s, &e) == 0, "%s", before);
	for (int i = 1; i <= 2; i++) {
		auto_buf text = { 0 };

		ok(spec_add_hook(&s, "createRuntime", &hook, &e) == 0, "hook added");
		json_emit(s.doc, 0, &text);
		ok(strcmp(text.text, after) == 0, "time %d: %s", i, text.text);
	}
	spec_done(&s);
}

#define OURS                                                                             \
	"{\"path\":\"/h/thymus-hook\",\"args\":[\"thymus-hook\",\"createRuntime\"],"    \
	"\"timeout\":15}"

static void test_hooks(void)
{
	static const char *const env[] = { "A=b", NULL };
	const struct spec_hook other = { "/o", args + 2, env, 3 };
	auto_buf text = { 0 };
	struct err e = { "" };
	struct spec s = { 0 };

	expect_hooks("{\"a\":1}", "{\"a\":1,\"hooks\":{\"createRuntime\":[" OURS "]}}");
	expect_hooks("{\"hooks\":null,\"a\":1}",
		"{\"hooks\":{\"createRuntime\":[" OURS "]},\"a\":1}");
	expect_hooks("{\"hooks\":{\"prestart\":[{\"path\":\"/p\"}],"
		     "\"createRuntime\":[{\"path\":\"/q\"}]}}",
		     "{\"hooks\":{\"prestart\":[{\"path\":\"/p\"}],\"createRuntime\":[" OURS
		     ",{\"path\":\"/q\"}]}}");
	expect_hooks("{\"hooks\":{\"createRuntime\":[{\"path\":\"/q\"},{\"path\":\"/h/thymus-hook\"},"
		     "{\"path\":\"/r\"},{\"path\":\"/h/thymus-hook\",\"args\":[\"old\"]}]}}",
		     "{\"hooks\":{\"createRuntime\":[" OURS ",{\"path\":\"/q\"},"
		     "{\"path\":\"/r\"}]}}");
	ok(parse("{}", &s, &e) == 0 && spec_add_hook(&s, "poststop", &other, &e) == 0,
	   "another hook");
	json_emit(s.doc, 0, &text);
	ok(strcmp(text.text,
	   "{\"hooks\":{\"poststop\":[{\"path\":\"/o\",\"args\":[],\"env\":[\"A=b\"],"
		  "\"timeout\":3}]}}") == 0, "%s", text.text);
	spec_done(&s);
}

int main(void)
{
	test_read();
	test_settled();
	test_refused();
	test_free_form();
	test_hooks();
	return tap_end();
}
