/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "version.h"

const char thymus_version[] = VERSION;
