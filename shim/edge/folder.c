/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "folder.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static int grow(struct names *n, struct err *e)
{
	size_t room = n->room ? n->room * 2 : 16;
	char **more;

	if (n->count + 1 < n->room)
		return 0;
	more = realloc(n->name, room * sizeof(*more));
	if (!more)
		return fail(e, ENOMEM, "out of memory");
	n->name = more;
	n->room = room;
	return 0;
}

int names_add(struct names *n, const char *folder, const char *name, struct err *e)
{
	int rc = grow(n, e);
	char *text = NULL;

	if (rc < 0)
		return rc;
	if (asprintf(&text, "%s/%s", folder, name) < 0)
		return fail(e, ENOMEM, "out of memory");
	n->name[n->count++] = text;
	n->name[n->count] = NULL;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_sort(struct names *n)
{
	if (n->count > 1)
		qsort(n->name, n->count, sizeof(*n->name), by_name);
}

void names_done(struct names *n)
{
	list_free(n->name);
	*n = (struct names){ 0 };
}

int names_steal(struct names *n, char ***ret, struct err *e)
{
	int rc = grow(n, e);

	if (rc < 0)
		return rc;
	n->name[n->count] = NULL;
	names_sort(n);
	*ret = n->name;
	*n = (struct names){ 0 };
	return 0;
}

void list_free(char **list)
{
	if (list)
		for (size_t i = 0; list[i]; i++)
			free(list[i]);
	free(list);
}

static void close_folder(DIR *d)
{
	if (d)
		closedir(d);
}
AUTO(dir, DIR *, close_folder)

bool name_ends(const char *name, const char *end)
{
	size_t len = strlen(name), most = strlen(end);

	return len > most && strcmp(name + len - most, end) == 0;
}

int folder_names(const char *folder, bool (*keep)(const char *name), struct names *ret,
		 struct err *e)
{
	auto_of(dir) DIR *d = opendir(folder);
	const struct dirent *entry;

	if (!d)
		return errno == ENOENT ? 0 : fail(e, errno, "read folder %s: %m", folder);
	while (errno = 0, (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.' || (keep && !keep(entry->d_name)))
			continue;
		int rc = names_add(ret, folder, entry->d_name, e);
		if (rc < 0)
			return rc;
	}
	return errno ? fail(e, errno, "read folder %s: %m", folder) : 0;
}
