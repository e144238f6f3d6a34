/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fingerprint.h - tell one image from another without asking an engine.
 *
 * SHA-256 over os-release, package databases and the entry executable, read inside the root; equal
 * on every host that runs the image.
 */
#ifndef THYMUS_FINGERPRINT_H
#define THYMUS_FINGERPRINT_H

#include "spec.h"

/* `root`: absolute path of the root file system.  Fails when it cannot be opened. */
must_check int fingerprint_of(const struct spec *s, const char *root, char ret[65], struct err *e);

#endif
