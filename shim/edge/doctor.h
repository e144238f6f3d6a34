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

struct doctor_wish {
	const char *etc;  /* where the engines' configuration lies: "/etc" */
	const char *host; /* before /proc and /sys: "" */
	bool all;         /* also a row { "level": "ok", ... } for each check that found nothing */
};

must_check int doctor_examine(const struct policy *p, const struct doctor_wish *w, struct json **ret, struct err *e);

#endif
