/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "engine_setup.h"
#include "tap.h"

static const struct engine_wish plain = { .program = "/usr/sbin/thymus" },
				all = { .program = "/usr/sbin/thymus", .policy = "/p.json", .by_default = true },
				gone = { .program = "/usr/sbin/thymus", .remove = true };

static void edit(const char *engine, const char *text, const struct engine_wish *w, struct buf *to)
{
	struct err e = { "" };
	int rc = engine_setup_find(engine)->edit(text, text ? strlen(text) : 0, w, to, &e);

	if (rc < 0) {
		buf_puts(to, "error: ");
		buf_puts(to, e.text);
	}
}

static bool gives(const char *engine, const char *text, const struct engine_wish *w, const char *wanted)
{
	auto_buf to = { 0 };
	bool same;

	edit(engine, text, w, &to);
	same = strcmp(to.text ? to.text : "", wanted) == 0;
	if (!same)
		printf("# got: %s\n", to.text ? to.text : "");
	return same;
}

/* Made, made again, taken away. */
static void round_trip(const char *engine, const char *text, const struct engine_wish *w, const char *words)
{
	auto_buf once = { 0 }, twice = { 0 }, back = { 0 };

	edit(engine, text, w, &once);
	edit(engine, once.text, w, &twice);
	edit(engine, once.text, &gone, &back);
	ok(once.len && strstr(once.text, "/usr/sbin/thymus"), "%s: thymus is there", words);
	ok(twice.text && strcmp(once.text, twice.text) == 0, "%s: a second time changes nothing", words);
	ok(strcmp(back.text ? back.text : "", text ? text : "") == 0, "%s: removed, it is what it was", words);
}

static const char cri[] =
	"version = 2\n\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n  default_runtime_name = \"runc\"\n"
	"[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n  SystemdCgroup = true\n";

static void test_docker(void)
{
	ok(gives("docker", NULL, &plain, "{\n  \"runtimes\": {\n    \"thymus\": {\n      \"path\": \"/usr/sbin/thymus\"\n    }\n  }\n}\n"),
	   "docker: a file where there was none");
	round_trip("docker", NULL, &plain, "docker, no file");
	round_trip("docker", "{\n    \"debug\": true,\n    \"runtimes\": {\n        \"x\": {\n            \"path\": \"/x\"\n        }\n    }\n}\n",
		   &all, "docker, a file of the host's own");
	ok(gives("docker", "{\"runtimes\": 3}", &plain, "error: \"runtimes\" is not an object"), "docker: nonsense is told");
	ok(gives("docker", "{} x", &plain, "") == false, "docker: what cannot be read is an error");
}

static void test_containerd(void)
{
	auto_buf to = { 0 };

	round_trip("containerd", NULL, &plain, "containerd, no file");
	round_trip("containerd", cri, &plain, "containerd, a file");
	round_trip("containerd", cri, &all, "containerd, by default");
	edit("containerd", cri, &all, &to);
	ok(strstr(to.text, "default_runtime_name = \"thymus\" # thymus setup: was runc\n"), "containerd: the default was runc");
	ok(strstr(to.text, "    SystemdCgroup = true\n# thymus setup: end\n"), "containerd: cgroups as runc's are");
	ok(gives("containerd", "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.thymus]\n", &plain,
		 "error: it has a table [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.thymus] that \"thymus setup\" "
		 "did not write: remove it first"), "containerd: a table of somebody else's");
	edit("containerd", "version = 3\n", &plain, &to);
	ok(strstr(to.text, "[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.thymus]"), "containerd: version 3");
}

int main(void)
{
	auto_buf diff = { 0 };

	test_docker();
	test_containerd();
	round_trip("crio", NULL, &all, "crio");
	round_trip("podman", NULL, &plain, "podman");
	ok(!engine_setup_find("lxc"), "no other engine");
	engine_setup_diff("a\nb\nc\n", "a\nx\ny\nc\n", &diff);
	ok(strcmp(diff.text, "-b\n+x\n+y\n") == 0, "a difference is what differs");
	return tap_end();
}
