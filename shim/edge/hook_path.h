/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hook_path.h - where thymus-hook lies. */
#ifndef THYMUS_HOOK_PATH_H
#define THYMUS_HOOK_PATH_H

#include <limits.h>

#define HOOK_NAME "thymus-hook"

/* The hook beside this very program (a build tree), else where it is installed: stored bundles
 * name it, so the path must be one that stays. */
void hook_path(char ret[PATH_MAX]);

#endif
