/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_log.h - our failures where the engine looks for the runtime's: its --log file. */
#ifndef THYMUS_ENGINE_LOG_H
#define THYMUS_ENGINE_LOG_H

#include <stdbool.h>

/* Append one line at level error in runc's format.  `log` may be NULL; only a regular file is
 * written: containerd keeps a FIFO called "log" in the same folder.  Best effort, for there is
 * nobody left to tell. */
void engine_log(const char *log, bool as_json, const char *words);

#endif
