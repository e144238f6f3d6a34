/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auto.h - resources that release themselves at the end of their block. */
#ifndef THYMUS_AUTO_H
#define THYMUS_AUTO_H

#include <stdlib.h>

/* AUTO(json, struct json *, json_free)  defines  auto_json  for declarations. */
#define AUTO(name, type, release)                          \
	static inline void auto_release_##name(type *p)    \
	{                                                  \
		release(*p);                               \
	}

#define auto_of(name) __attribute__((cleanup(auto_release_##name)))

static inline void auto_release_mem(void *p)
{
	free(*(void **)p);
}
#define auto_free __attribute__((cleanup(auto_release_mem)))

/* Hand ownership to the caller: `*ret = STEAL(buf);` */
#define STEAL(p) __extension__({ __typeof__(p) stolen_ = (p); (p) = NULL; stolen_; })

#endif
