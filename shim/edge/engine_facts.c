/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine_name.h"
#include "file.h"

#define FACTS_BYTES (32u << 20)
#define HEX         "0123456789abcdef"
#define ID_LENGTH   64
#define LEVELS      5 /* from a root up to its engine's data root, at most */

/* NULL unless it can be read and others cannot write it. */
static struct json *read_trusted(const char *path)
{
	struct json *doc = NULL;
	auto_free char *text = NULL;
	struct err ignored;
	struct stat st;
	size_t len;

	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) ||
	    file_read_fd(fd, path, FACTS_BYTES, &text, &len, &ignored) < 0 ||
	    json_parse(text, len, 0, &doc, &ignored) < 0)
		return NULL;
	return doc;
}

static bool is_id(const char *word, size_t len)
{
	return len == ID_LENGTH && strspn(word, HEX) >= ID_LENGTH;
}

/* "sha256:HEX", or HEX alone, whole. */
static void take_digest(struct engine_facts *f, const char *image)
{
	const char *hex = image && strncmp(image, "sha256:", 7) == 0 ? image + 7 : image;

	if (hex && is_id(hex, strlen(hex)))
		snprintf(f->digest, sizeof(f->digest), "%s", hex);
}

/* A name that a person chose, else the image's, else none. */
static void take_name(struct engine_facts *f, const char *name, const char *image)
{
	if (name && *name && !engine_name_is_made_up(name))
		snprintf(f->name, sizeof(f->name), "%s", name);
	else if (!image || !engine_name_of_image(image, f->name, sizeof(f->name)))
		f->name[0] = '\0';
}

/* Docker: DATA/containers/ID/config.v2.json */
static bool ask_docker(const char *data, size_t len, const char *id, struct engine_facts *f)
{
	auto_of(json) struct json *doc = NULL;
	const struct json *labels;
	const char *name, *swarm, *project, *service;
	char path[4096];

	if (!is_id(id, strlen(id)) ||
	    snprintf(path, sizeof(path), "%.*s/containers/%s/config.v2.json", (int)len, data, id) >=
		    (int)sizeof(path))
		return false;
	doc = read_trusted(path);
	name = json_string(json_get(doc, "Name"));
	if (!name)
		return false;
	name += name[0] == '/';
	labels = json_at(doc, "Config.Labels");
	swarm = json_string(json_get(labels, "com.docker.swarm.service.name"));
	project = json_string(json_get(labels, "com.docker.compose.project"));
	service = json_string(json_get(labels, "com.docker.compose.service"));
	if (swarm && engine_name_is_swarm(name, swarm))
		snprintf(f->name, sizeof(f->name), "%s", swarm);
	else if (project && service && engine_name_is_compose(name, project, service))
		snprintf(f->name, sizeof(f->name), "%s-%s", project, service);
	else
		take_name(f, name, json_string(json_at(doc, "Config.Image")));
	take_digest(f, json_string(json_get(doc, "Image")));
	f->source = "Docker's config.v2.json";
	return true;
}

/* containers-storage keeps more in a document within the document. */
static void take_stored(struct engine_facts *f, const struct json *row)
{
	const struct json *names = json_get(row, "names");
	const char *name = names ? json_string(names->child) : NULL;
	const char *metadata = json_string(json_get(row, "metadata"));
	auto_of(json) struct json *doc = NULL;
	const char *image = NULL;
	struct err ignored;

	if (metadata && json_parse(metadata, strlen(metadata), 0, &doc, &ignored) == 0)
		image = json_string(json_get(doc, "image-name"));
	take_digest(f, json_string(json_get(row, "image")));
	f->source = "podman's containers.json";
	if (name && engine_name_of_pod(name, f->name, f->space, sizeof(f->name)))
		f->source = "CRI-O's containers.json";
	else
		take_name(f, name, image);
}

/* podman, CRI-O: STORAGE/DRIVER-containers/containers.json, DRIVER being the folder of STORAGE that
 * the root lies in. */
static bool ask_storage(const char *storage, size_t len, const char *id, struct engine_facts *f)
{
	auto_of(json) struct json *doc = NULL;
	const char *driver = storage + len + 1;
	char path[4096];

	if (!is_id(id, strlen(id)) ||
	    snprintf(path, sizeof(path), "%.*s/%.*s-containers/containers.json", (int)len, storage,
		     (int)strcspn(driver, "/"), driver) >= (int)sizeof(path))
		return false;
	doc = read_trusted(path);
	for (const struct json *row = doc ? doc->child : NULL; row; row = row->next) {
		const char *other = json_string(json_get(row, "id"));

		if (!other || strcmp(other, id) != 0)
			continue;
		take_stored(f, row);
		return true;
	}
	return false;
}

/* containerd's CRI plugin: annotations, believed only in the bundles of its own namespace, for
 * elsewhere an image's author or a user sets them. */
static bool ask_cri(const struct spec *s, const char *parent, struct engine_facts *f)
{
	const char *type = spec_annotation(s, "io.kubernetes.cri.container-type");
	const char *name = spec_annotation(s, "io.kubernetes.cri.container-name");
	const char *space = spec_annotation(s, "io.kubernetes.cri.sandbox-namespace");
	const char *image = spec_annotation(s, "io.kubernetes.cri.image-name");
	const char *digest = image ? strstr(image, "@sha256:") : NULL;

	if (strcmp(parent, "k8s.io") != 0 || !type)
		return false;
	f->sandbox = strcmp(type, "sandbox") == 0;
	if (f->sandbox)
		name = "pause";
	if (!name)
		return false;
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(f->space, sizeof(f->space), "%s", space ? space : "");
	take_digest(f, digest ? digest + 1 : NULL);
	f->source = "containerd's CRI annotations";
	return true;
}

/* The last part of a path and the one before it: .../PARENT/LAST */
static void last_parts(const char *path, char parent[256], char last[256])
{
	size_t end = strlen(path), mid, begin;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (mid = end; mid > 0 && path[mid - 1] != '/'; mid--)
		;
	for (begin = mid ? mid - 1 : 0; begin > 0 && path[begin - 1] != '/'; begin--)
		;
	snprintf(last, 256, "%.*s", (int)(end - mid), path + mid);
	snprintf(parent, 256, "%.*s", mid ? (int)(mid - 1 - begin) : 0, path + begin);
}

bool engine_facts_read(const struct spec *s, const char *root, const char *bundle,
		       struct engine_facts *ret)
{
	char parent[256], id[256];
	size_t at = strlen(root);

	*ret = (struct engine_facts){ .source = "" };
	last_parts(bundle, parent, id);
	if (ask_cri(s, parent, ret))
		return true;
	/* Only a bundle that the engine keeps where it keeps its bundles: a root may lie anywhere, and files above it may
	 * be another image's.  Docker's are in containerd's namespace "moby", podman's are .../ID/userdata. */
	bool docker = strcmp(parent, "moby") == 0, storage = strcmp(id, "userdata") == 0;

	/* Above the root only: what is in it is the container's to write. */
	for (int level = 0; level < LEVELS; level++) {
		while (at > 0 && root[at - 1] != '/')
			at--;
		if (at <= 1)
			return false;
		at--;
		if ((docker && ask_docker(root, at, id, ret)) || (storage && ask_storage(root, at, parent, ret)))
			return true;
	}
	return false;
}
