/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "delegate.h"
#include "engine_handler.h"
#include "file.h"
#include "folder.h"
#include "patient.h"

enum { CONFIG_BYTES = 4 << 20 };

typedef int reader(const char *text, size_t len, struct engine_handler *to, struct err *e);

/* false: it says nothing that can be believed. */
static bool read_one(struct patient *t, const char *engine, const char *file, reader *read, struct engine_handler *to)
{
	auto_free char *text = NULL;
	struct err e;
	size_t len;

	if (file_read(file, CONFIG_BYTES, &text, &len, &e) < 0 || strspn(text, " \t\r\n") == len)
		return true;
	if (read(text, len, to, &e) < 0) {
		patient_find(t, "fail", engine, "correct it: the engine does not start with it either", "%.200s: %s", file, e.text);
		return false;
	}
	return !strstr(text, "thymus") || !patient_is_open(t, engine, file, "they could become root by it");
}

static bool is_conf(const char *name)
{
	return name_ends(name, ".conf");
}

static bool is_toml(const char *name)
{
	return name_ends(name, ".toml");
}

/* `keep`: the drop-ins that this engine reads; NULL: all. */
static bool read_all(struct patient *t, const char *engine, const char *main, const char *drop_ins, bool (*keep)(const char *),
		     reader *read, struct engine_handler *to)
{
	auto_names names = { 0 };
	char path[PATH_MAX];
	struct err e;

	snprintf(path, sizeof(path), "%s/%s", t->etc, main);
	if (!read_one(t, engine, path, read, to))
		return false;
	if (!drop_ins)
		return true;
	snprintf(path, sizeof(path), "%s/%s", t->etc, drop_ins);
	if (folder_names(path, keep, &names, &e) < 0)
		return true;
	names_sort(&names);
	for (size_t i = 0; i < names.count; i++)
		if (!read_one(t, engine, names.name[i], read, to))
			return false;
	return true;
}

static void judge(struct patient *t, const char *engine, const struct engine_handler *h)
{
	char again[64], by_default[64];

	snprintf(again, sizeof(again), "thymus setup %s", engine);
	snprintf(by_default, sizeof(by_default), "thymus setup --default %s, or name another default", engine);
	if (h->wanted && !h->times)
		patient_find(t, "fail", engine, by_default, "%s wants thymus by default, and does not say where it is", engine);
	else if (h->times > 1)
		patient_find(t, "fail", engine, "leave one of them", "the files of %s name the handler thymus %u times: it takes one, or none", engine,
			     h->times);
	else if (h->program[0] && access(h->program, X_OK) < 0)
		patient_find(t, "fail", engine, again, "%s names %.200s, which is not there", engine, h->program);
	else if (h->program[0] && !delegate_is_thymus(h->program))
		patient_find(t, "warn", engine, again, "what %s calls thymus is another program: %.200s", engine, h->program);
	else if (h->policy[0] && access(h->policy, R_OK) < 0)
		patient_find(t, "fail", engine, again, "%s names the policy %.200s, which is not there: no container can start", engine, h->policy);
}

void check_docker(struct patient *t)
{
	struct engine_handler h = { 0 };

	if (read_all(t, "docker", "docker/daemon.json", NULL, NULL, engine_handler_json, &h))
		judge(t, "docker", &h);
}

void check_containerd(struct patient *t)
{
	struct engine_handler h = { 0 };

	if (read_all(t, "containerd", "containerd/config.toml", "containerd/conf.d", is_toml, engine_handler_toml, &h))
		judge(t, "containerd", &h);
}

void check_crio(struct patient *t)
{
	struct engine_handler h = { 0 };

	if (read_all(t, "crio", "crio/crio.conf", "crio/crio.conf.d", NULL, engine_handler_toml, &h))
		judge(t, "crio", &h);
}

void check_podman(struct patient *t)
{
	struct engine_handler h = { 0 };

	if (read_all(t, "podman", "containers/containers.conf", "containers/containers.conf.d", is_conf, engine_handler_toml, &h))
		judge(t, "podman", &h);
}

/* ---- hooks ---- */

static bool is_told(const struct patient *t, const char *conf)
{
	struct engine_handler h = { 0 };
	auto_free char *text = NULL;
	char path[PATH_MAX];
	struct err e;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", t->etc, conf);
	return file_read(path, CONFIG_BYTES, &text, &len, &e) == 0 && engine_handler_toml(text, len, &h, &e) == 0 && h.reads_hooks;
}

void check_hooks_d(struct patient *t)
{
	auto_names names = { 0 };
	char folder[PATH_MAX];
	unsigned ours = 0;
	bool told = is_told(t, "containers/containers.conf.d/60-thymus-hooks.conf") || is_told(t, "crio/crio.conf.d/60-thymus-hooks.conf");
	struct err e;

	snprintf(folder, sizeof(folder), "%s/containers/oci/hooks.d", t->etc);
	if (folder_names(folder, NULL, &names, &e) < 0)
		return;
	names_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *text = NULL;
		char program[1024];
		size_t len;

		if (file_read(names.name[i], CONFIG_BYTES, &text, &len, &e) < 0 || !strstr(text, "thymus-hook"))
			continue;
		if (engine_handler_hook(text, len, program, &e) < 0)
			patient_find(t, "fail", "hooks.d", "thymus setup --hooks podman, or crio", "%.200s: %s", names.name[i], e.text);
		else if (program[0] && access(program, X_OK) < 0)
			patient_find(t, "fail", "hooks.d", "thymus setup --hooks podman, or crio", "%.200s names %.200s, which is not there: no container "
				     "can start", names.name[i], program);
		else if (program[0])
			patient_is_open(t, "hooks.d", names.name[i], "they could become root by it");
		ours++;
	}
	if (told && ours < 2)
		patient_find(t, "fail", "hooks.d", "thymus setup --hooks podman, or crio", "an engine is told to read %.200s, and a hook of thymus is not "
			     "there", folder);
	else if (!told && ours)
		patient_find(t, "warn", "hooks.d", "thymus setup --hooks podman, or crio", "%.200s has hooks of thymus, and no engine is told to read "
			     "it by thymus setup", folder);
}
