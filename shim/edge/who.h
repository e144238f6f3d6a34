/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * who.h - who types this: for the record, not for a decision (who may act is the file system's business).
 *
 * Names come from /etc/passwd alone: the directory service behind nsswitch may be what has broken.
 */
#ifndef THYMUS_WHO_H
#define THYMUS_WHO_H

#include <sys/types.h>

struct who {
	uid_t uid;
	char  user[64]; /* "" where /etc/passwd has no such uid */
	char  by[64];   /* who became that user: sudo's word, else the login's name; "" where nobody did */
};

void who_am_i(struct who *ret);

#endif
