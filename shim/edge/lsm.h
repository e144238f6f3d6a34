/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lsm.h - which security module confines containers on this host, beside us. */
#ifndef THYMUS_LSM_H
#define THYMUS_LSM_H

/* "apparmor", "selinux (enforcing)", "selinux (permissive)", or "none". */
const char *lsm_in_force(void);

#endif
