/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "engine_handler.h"
#include "engine_setup.h"
#include "tap.h"

#define WISH .program = "/usr/sbin/thymus", .hook = "/usr/libexec/thymus/thymus-hook", .hooks_d = "/etc/containers/oci/hooks.d"
#define CRI2 "plugins.\"io.containerd.grpc.v1.cri\".containerd"

static const struct engine_wish plain = { WISH }, all = { WISH, .policy = "/p.json", .by_default = true },
				gone = { WISH, .remove = true }, imported = { WISH, .by_default = true, .imported = true };

static void edit_by(engine_edit *by, const char *text, const struct engine_wish *w, struct buf *to)
{
	struct err e = { "" };
	int rc = by(text, text ? strlen(text) : 0, w, to, &e);

	if (rc < 0) {
		buf_puts(to, "error: ");
		buf_puts(to, e.text);
	}
}

static void edit(const char *engine, const char *text, const struct engine_wish *w, struct buf *to)
{
	edit_by(engine_setup_find(engine)->parts[0].edit, text, w, to);
}

static bool gives_by(engine_edit *by, const char *text, const struct engine_wish *w, const char *wanted)
{
	auto_buf to = { 0 };
	bool same;

	edit_by(by, text, w, &to);
	same = strcmp(to.text ? to.text : "", wanted) == 0;
	if (!same)
		printf("# got: %s\n", to.text ? to.text : "");
	return same;
}

static bool gives(const char *engine, const char *text, const struct engine_wish *w, const char *wanted)
{
	return gives_by(engine_setup_find(engine)->parts[0].edit, text, w, wanted);
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

static const char cri[] = "version = 2\n\n[" CRI2 "]\n  default_runtime_name = \"runc\"\n[" CRI2 ".runtimes.runc.options]\n  SystemdCgroup = true\n";

static void test_docker(void)
{
	struct engine_wish back = gone;

	ok(gives("docker", NULL, &plain, "{\n  \"runtimes\": {\n    \"thymus\": {\n      \"path\": \"/usr/sbin/thymus\"\n    }\n  }\n}\n"),
	   "docker: a file where there was none");
	round_trip("docker", NULL, &plain, "docker, no file");
	round_trip("docker", "{\n    \"debug\": true,\n    \"runtimes\": {\n        \"x\": {\n            \"path\": \"/x\"\n        }\n    }\n}\n",
		   &all, "docker, a file of the host's own");
	ok(gives("docker", "{\"runtimes\": 3}", &plain, "error: \"runtimes\" is not an object"), "docker: nonsense is told");
	ok(gives("docker", "{\n  \"a\": 1,\n  b\n}", &plain, "error: not JSON: lexical error: invalid char in json text., line 3:3"),
	   "docker: what cannot be read is an error with line and column");
	ok(gives("docker", "{\"a\":\t1}", &gone, "{\"a\":\t1}"), "docker: what knows no thymus is left as it is written");
	ok(gives("docker", "{\"runtimes\":{\"thymus\":{\"path\":\"/old\",\"runtimeArgs\":[\"--thymus-policy\",\"/old.json\",\"--debug\"],\"x\":1}}}",
		 &plain, "{\n  \"runtimes\": {\n    \"thymus\": {\n      \"path\": \"/usr/sbin/thymus\",\n      \"runtimeArgs\": [\n"
		 "        \"--debug\"\n      ],\n      \"x\": 1\n    }\n  }\n}\n"), "docker: what others gave to thymus stays");
	back.first = "{\"default-runtime\": \"kata\"}";
	ok(gives("docker", "{\"default-runtime\":\"thymus\",\"runtimes\":{\"kata\":{},\"thymus\":{}}}", &back,
		 "{\n  \"runtimes\": {\n    \"kata\": {}\n  },\n  \"default-runtime\": \"kata\"\n}\n"), "docker: the default that was there is back");
	ok(gives("docker", "{\"default-runtime\":\"crun\",\"runtimes\":{\"thymus\":{}}}", &back, "{\n  \"default-runtime\": \"crun\"\n}\n"),
	   "docker: a default that somebody chose since stays");
}

static void test_containerd(void)
{
	auto_buf to = { 0 };

	round_trip("containerd", NULL, &plain, "containerd, no file");
	round_trip("containerd", cri, &plain, "containerd, a file");
	round_trip("containerd", cri, &all, "containerd, by default");
	round_trip("containerd", "[plugins.cri.containerd]\n  snapshotter = \"x\"\n", &all, "containerd, version 1");
	round_trip("containerd", "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd] # mine\n  default_runtime_name = 'kata' # why\n",
		   &all, "containerd, comments");
	edit("containerd", cri, &all, &to);
	ok(strstr(to.text, "default_runtime_name = \"thymus\" # thymus setup: was \"runc\"\n"), "containerd: the default was runc");
	ok(strstr(to.text, "    SystemdCgroup = true\n# thymus setup: end\n"), "containerd: cgroups as runc's are");
	ok(gives("containerd", "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.thymus]\n", &plain,
		 "error: line 2:1: it has a table for \"thymus\" that \"thymus setup\" did not write: remove it first"),
	   "containerd: a table of somebody else's, in either kind of quotes");
	ok(gives("containerd", "version = 2\n[" CRI2 "]\n  runtimes = { runc = {} }\n", &plain,
		 "error: line 3:3: an inline table, which nothing can be added to: write it with a heading of its own"),
	   "containerd: a table that is closed");
	ok(gives("containerd", "version = 9\n", &plain, "error: version 9 of this file is not known: thymus setup writes 1 to 3"),
	   "containerd: a version to come");
	edit("containerd", "version = 3\n", &plain, &to);
	ok(strstr(to.text, "[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.thymus]"), "containerd: version 3");
}

static void test_containerd_wrong(void)
{
	static const struct { const char *text, *words; } rows[] = {
		{ "a = \"b\nc = 1\n", "line 1:5: this string does not end" },
		{ "a = 1\n[b\n", "line 2:3: here should be the heading's end" },
		{ "a = [1, 2\n", "line 1:5: this array does not end" },
		{ "a = [1 2]\n", "line 1:8: here should be a comma, or the array's end" },
		{ "a = { b = 1\n", "line 1:5: this table does not end" },
		{ "a 1\n", "line 1:3: here should be an equals sign" },
		{ "a =\n", "line 1:4: here should be a value" },
		{ " = 1\n", "line 1:2: here should be a key" },
		{ "a = 1 b = 2\n", "line 1:7: something stands behind what should end this line" },
		{ "a = '''x\n", "line 1:5: this string does not end" },
		{ "a = \"\x01\"\n", "line 1:6: a control byte" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char wanted[200];

		snprintf(wanted, sizeof(wanted), "error: %s", rows[i].words);
		ok(gives("containerd", rows[i].text, &plain, wanted), "containerd: %s", rows[i].words);
	}
}

/* What others add between setup and removal. */
static void test_since(void)
{
	static const char ours[] = "default_runtime_name = \"thymus\"", others[] = "default_runtime_name = \"others\"";
	auto_buf to = { 0 }, more = { 0 }, again = { 0 }, rest = { 0 };
	char *at;

	edit("containerd", cri, &all, &to);
	at = strstr(to.text, "  [" CRI2 ".runtimes.thymus.options]");
	buf_add(&more, to.text, (size_t)(at - to.text));
	buf_puts(&more, "  snapshotter = \"zfs\"\n  [" CRI2 ".runtimes.thymus.options]\n    Root = \"/r\"\n[metrics]\n  address = \"x\"\n");
	buf_puts(&more, strstr(at, "# thymus setup: end"));
	buf_puts(&more, "[debug]\n  level = \"debug\"\n");
	edit("containerd", more.text, &plain, &again);
	ok(strstr(again.text, "  snapshotter = \"zfs\"\n") && strstr(again.text, "    Root = \"/r\"\n") && strstr(again.text, "BinaryName"),
	   "containerd: keys that others put into our tables stay while thymus does");
	ok(strstr(again.text, ours), "containerd: who does not say --default leaves the default");
	memcpy(strstr(more.text, ours), others, strlen(others));
	edit("containerd", more.text, &gone, &rest);
	ok(strstr(rest.text, "[metrics]\n  address = \"x\"\n") && strstr(rest.text, "[debug]\n  level = \"debug\"\n") &&
	   strstr(rest.text, others) && !strstr(rest.text, "thymus"),
	   "containerd: tables and a default of others survive the removal, and nothing of ours does");
	ok(gives("podman", "# Written by \"thymus setup podman\".\n[engine]\nruntime_supports_json = [\"x\"]\nnum_locks = 7\n[engine.runtimes]\n"
		 "thymus = [\"/x\"]\nkata = [\"/k\"]\n[network]\na = 1\n", &gone,
		 "[engine]\nnum_locks = 7\n[engine.runtimes]\nkata = [\"/k\"]\n[network]\na = 1\n"), "podman: lines of others survive the removal");
	ok(gives("crio", "# Written by \"thymus setup crio\".\n[crio.runtime.runtimes.thymus]\nruntime_path = \"/x\"\nmonitor_path = \"/m\"\n", &gone, ""),
	   "crio: what was said of thymus goes with it");
}

static void test_imports(void)
{
	static const char with[] = "version = 3\nimports = [\"/etc/other.toml\", 'conf.d/*.toml']\n", old[] = "version = 2\nimports = ['/c/*.toml']\n";
	static const char runc[] = "version = 3\nimports = ['/c/*.toml']\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\n"
				   "SystemdCgroup = true\n";
	auto_buf pattern = { 0 }, none = { 0 }, drop_in = { 0 }, theirs = { 0 }, hers = { 0 }, mended = { 0 };
	struct engine_wish w = imported;
	bool systemd;

	ok(engine_containerd_imports(runc, strlen(runc), &theirs, &systemd) && systemd, "containerd: runc's cgroups are systemd's");
	w.systemd = true;
	edit_by(engine_containerd_drop_in, NULL, &w, &hers);
	ok(strstr(hers.text, "SystemdCgroup = true\n"), "containerd: then thymus' are, too");
	edit_by(engine_containerd_drop_in, hers.text, &imported, &mended);
	ok(strstr(mended.text, "SystemdCgroup = true\n"), "containerd: and where runc's line is elsewhere, a person's stays");
	ok(engine_containerd_imports(with, strlen(with), &pattern, &systemd) && !systemd && strcmp(pattern.text, "conf.d/*.toml") == 0,
	   "containerd: version 3 imports a folder");
	ok(!engine_containerd_imports(old, strlen(old), &none, &systemd), "containerd: version 2 would lose its own section by it");
	ok(gives("containerd", with, &imported, with), "containerd: the file that imports stays as it is");
	ok(gives("containerd", "version = 3\n#  default_runtime_name = \"thymus\"\n", &imported,
		 "version = 3\n#  default_runtime_name = \"thymus\"\n"), "containerd: a default that a person took out stays out");
	edit_by(engine_containerd_drop_in, NULL, &imported, &drop_in);
	ok(strstr(drop_in.text, "version = 3\n[plugins.\"io.containerd.cri.v1.runtime\".containerd]\n  default_runtime_name = \"thymus\"\n"),
	   "containerd: the drop-in says it");
	ok(gives_by(engine_containerd_drop_in, drop_in.text, &imported, drop_in.text), "containerd: the same drop-in a second time");
	ok(gives_by(engine_containerd_drop_in, drop_in.text, &gone, ""), "containerd: removed, there is none");
}

static void test_hooks(void)
{
	auto_buf hook = { 0 }, narrow = { 0 };
	struct engine_wish w = plain;
	char *at;

	ok(gives_by(engine_podman_hooks, NULL, &plain, "# Written by \"thymus setup podman --hooks\".\n[engine]\n"
		    "hooks_dir = [\"/usr/share/containers/oci/hooks.d\", \"/etc/containers/oci/hooks.d\"]\n"), "podman: the folders of hooks");
	w.folders = "\"/my/hooks\"";
	ok(gives_by(engine_crio_hooks, NULL, &w, "# Written by \"thymus setup crio --hooks\".\n[crio.runtime]\n"
		    "hooks_dir = [\"/my/hooks\", \"/etc/containers/oci/hooks.d\"]\n"), "crio: folders that others named are read, too");
	edit_by(engine_hook_create, NULL, &plain, &hook);
	ok(strstr(hook.text, "\"/usr/libexec/thymus/thymus-hook\"") && strstr(hook.text, "\"always\": true"), "a hook for every container");
	at = strstr(hook.text, "\"always\": true");
	buf_add(&narrow, hook.text, (size_t)(at - hook.text));
	buf_puts(&narrow, "\"commands\": [\n      \".*\"\n    ]");
	buf_puts(&narrow, at + strlen("\"always\": true"));
	ok(gives_by(engine_hook_create, narrow.text, &plain, narrow.text), "one that a person has narrowed stays so");
	ok(gives_by(engine_hook_end, hook.text, &gone, ""), "removed, there is none");
	w.annotations = "\"io.kubernetes.cri-o.Devices\"";
	ok(gives("crio", NULL, &w, "# Written by \"thymus setup crio\".\n[crio.runtime.runtimes.thymus]\nruntime_path = \"/usr/sbin/thymus\"\n"
		 "runtime_type = \"oci\"\nruntime_root = \"/run/runc\"\nallowed_annotations = [\"io.kubernetes.cri-o.Devices\"]\n"),
	   "crio: annotations pass as they pass to runc");
}

static void test_arrays(void)
{
	static const char text[] = "[engine]\nhooks_dir = [ \"/a\", # of the image\n \"/b\",\n]\n[other]\nhooks_dir = [\"/c\"]\n";
	static const char empty[] = "[engine]\nhooks_dir = [ ]\n";
	auto_buf to = { 0 };

	engine_setup_array(text, strlen(text), "engine\x1fhooks_dir", &to);
	ok(to.text && strcmp(to.text, "\"/a\", \"/b\"") == 0, "an array of others, without its comments and last comma");
	engine_setup_array(empty, strlen(empty), "engine\x1fhooks_dir", &to);
	ok(to.text && !*to.text, "the later one counts alone, also an empty one");
}

/* What is written is read again, whichever engine it is for. */
static void test_handler(void)
{
	static const char *const engines[] = { "docker", "containerd", "crio", "podman" };

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		struct engine_handler h = { 0 };
		auto_buf to = { 0 };
		struct err e;

		edit(engines[i], NULL, &all, &to);
		ok((i ? engine_handler_toml : engine_handler_json)(to.text, to.len, &h, &e) == 0 && h.times == 1 && h.wanted &&
		   strcmp(h.program, "/usr/sbin/thymus") == 0, "%s: the handler is read", engines[i]);
		ok(i || strcmp(h.policy, "/p.json") == 0, "docker: and its policy");
		if (i)
			ok(engine_handler_toml(to.text, to.len, &h, &e) == 0 && h.times == 2, "%s: twice is twice", engines[i]);
	}
}

int main(void)
{
	auto_buf diff = { 0 };

	test_docker();
	test_containerd();
	test_containerd_wrong();
	test_since();
	test_imports();
	test_hooks();
	test_arrays();
	test_handler();
	round_trip("crio", NULL, &all, "crio");
	round_trip("podman", NULL, &plain, "podman");
	ok(!engine_setup_find("lxc"), "no other engine");
	engine_setup_diff("a\nb\nc\n", "a\nx\ny\nc\n", &diff);
	ok(strcmp(diff.text, "-b\n+x\n+y\n") == 0, "a difference is what differs");
	diff.len = 0;
	engine_setup_diff("a\nb\nc\nd\ne\n", "a\nx\nc\nd\ne\nf\n", &diff);
	ok(strcmp(diff.text, "-b\n+x\n+f\n") == 0, "what lies between two differences is none");
	diff.len = 0;
	engine_setup_diff("", "a\n", &diff);
	engine_setup_diff("a", "", &diff);
	ok(strcmp(diff.text, "+a\n-a\n") == 0, "all of it may differ");
	return tap_end();
}
