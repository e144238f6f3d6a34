/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "when.h"

#include <stdbool.h>
#include <stdio.h>

static bool leap(unsigned long long year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

void when_text(unsigned long long unix_seconds, char ret[32])
{
	static const unsigned char lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned long long second = unix_seconds % 86400, days = unix_seconds / 86400;
	unsigned year = 1970, month = 0;

	if (days > 2932896) { /* 9999-12-31: a broken clock, or a broken file */
		snprintf(ret, 32, "an unknown time");
		return;
	}
	for (; days >= 365u + leap(year); year++)
		days -= 365u + leap(year);
	for (; days >= lengths[month] + (month == 1 && leap(year) ? 1u : 0u); month++)
		days -= lengths[month] + (month == 1 && leap(year));
	snprintf(ret, 32, "%04u-%02u-%02u %02u:%02u:%02u UTC", year % 10000, (month + 1) % 100,
		 (unsigned)(days + 1) % 100, (unsigned)(second / 3600) % 100,
		 (unsigned)(second / 60 % 60) % 100, (unsigned)(second % 60));
}

void when_span(unsigned long long seconds, char ret[32])
{
	if (seconds < 120)
		snprintf(ret, 32, "%llu s", seconds);
	else if (seconds < 7200)
		snprintf(ret, 32, "%llu min", seconds / 60);
	else if (seconds < 172800)
		snprintf(ret, 32, "%llu h", seconds / 3600);
	else
		snprintf(ret, 32, "%llu days", seconds / 86400);
}
