/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "utf8.h"

size_t utf8_length(const unsigned char *s)
{
	unsigned long value;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	value = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		value = value << 6 | (s[i] & 0x3f);
	}
	if (value < (len == 4 ? 0x10000u : len == 3 ? 0x800u : 0x80u) || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return len;
}

void utf8_keep(char *s)
{
	while (*s) {
		size_t len = utf8_length((const unsigned char *)s);

		if (len == 0 || (len == 1 && ((unsigned char)*s < 0x20 || *s == 0x7f))) {
			*s = '?';
			len = 1;
		}
		s += len;
	}
}
