/* SPDX-License-Identifier: GPL-2.0-or-later */
/* version.h - what this build calls itself: one object, so that the runtime and the hook of a build say the same. */
#ifndef THYMUS_VERSION_H
#define THYMUS_VERSION_H

extern const char thymus_version[];

#endif
