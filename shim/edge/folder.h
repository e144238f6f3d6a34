/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folder.h - the names in a folder, and lists of strings. */
#ifndef THYMUS_FOLDER_H
#define THYMUS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "auto.h"
#include "err.h"

/* Growing NULL-terminated list of malloc()ed strings; start from {0}. */
struct names {
	char **name;
	size_t count, room;
};

/* Adds "folder/name". */
must_check int names_add(struct names *n, const char *folder, const char *name, struct err *e);
void names_sort(struct names *n);
void names_done(struct names *n);
#define auto_names __attribute__((cleanup(names_done))) struct names

/* The list itself, for a caller who wants no more than char **: never NULL. */
must_check int names_steal(struct names *n, char ***ret, struct err *e);
void list_free(char **list);
AUTO(list, char **, list_free)

/* For `keep` below: something, and then `end`. */
bool name_ends(const char *name, const char *end);

/* Add "folder/NAME" for each NAME that `keep` accepts (NULL: all), hidden ones never.  A folder
 * that does not exist is empty. */
must_check int folder_names(const char *folder, bool (*keep)(const char *name), struct names *ret,
			    struct err *e);

#endif
