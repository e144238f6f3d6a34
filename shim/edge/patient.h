/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * patient.h - what the files of `thymus doctor` share.
 *
 * Each check is a row of the table in doctor.c; it looks at one thing, and finds nothing where that is sound: doctor.c (programs,
 * kernel), doctor_folders.c, doctor_learned.c (what runs, what was learned), doctor_engines.c.
 */
#ifndef THYMUS_PATIENT_H
#define THYMUS_PATIENT_H

#include <stdbool.h>

#include "doctor.h"

struct patient {
	const struct policy *policy;
	const char *etc;  /* where the engines' configuration lies */
	const char *host; /* before /proc and /sys, where the kernel says something of itself: "" */
	struct json *findings;
	bool lost;        /* nothing more can be said */
};

void patient_find(struct patient *t, const char *level, const char *what, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Could others than root change this file or folder?  Found where it is so; `remedy` as words for it. */
bool patient_is_open(struct patient *t, const char *what, const char *path, const char *consequence);

void check_folders(struct patient *t);
void check_clock(struct patient *t);
void check_containers(struct patient *t);
void check_pins(struct patient *t);
void check_profiles(struct patient *t);
void check_mode(struct patient *t);
void check_docker(struct patient *t);
void check_containerd(struct patient *t);
void check_crio(struct patient *t);
void check_podman(struct patient *t);
void check_hooks_d(struct patient *t);

#endif
