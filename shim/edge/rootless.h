/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rootless.h - called by a user who is not root of the host: podman or Docker without root.
 *
 * The sensor and the gate take root of the host; being root of a user namespace of one's own does not help.  So nothing is
 * watched: what nobody enforces goes to the runtime at once, what is to be enforced is refused.
 */
#ifndef THYMUS_ROOTLESS_H
#define THYMUS_ROOTLESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "policy.h"

/* Another user than root, or in another user namespace than the host's. */
bool rootless(void);

/* Who that is on the host. */
unsigned long rootless_uid(void);

/* May a file of this owner decide for us?  Root's, whom a user namespace shows as nobody, and our own. */
bool rootless_trusts(uid_t owner);

/* Fails where `mode` is enforce; else one sentence for the record: in `e`, too. */
must_check int rootless_admit(enum mode mode, struct err *e);

#endif
