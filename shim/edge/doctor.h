/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor.h - is all there that thymus needs, and is all of it sound?
 *
 * Nothing is guessed: what can be tried is tried (the sensor is loaded, as the first container would load it).
 * A finding is { "level": "warn" | "fail", "what", "words", "remedy" }; a healthy host has none.
 */
#ifndef THYMUS_DOCTOR_H
#define THYMUS_DOCTOR_H

#include "policy.h"

/* `etc`: where the engines' configuration lies ("/etc"). */
must_check int doctor_examine(const struct policy *p, const char *etc, struct json **ret, struct err *e);

#endif
