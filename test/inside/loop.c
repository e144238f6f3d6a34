/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop - what one system call costs where this program runs: the measured part of test/bench/percall.
 *
 * Prints "QUIET ACTING": ns per call, for calls that do next to nothing in the kernel and for calls that the
 * model counts as acting.  The best of many blocks of a few ms each: whatever else a shared machine does
 * makes a block slower, never faster.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS 80
#define CALLS  20000 /* per block; even */

/* The last processor we may use: interrupts and the rest of a small host favour the first. */
static int pin(void)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return -1;
	CPU_ZERO(&one);
	for (int i = CPU_SETSIZE - 1; i >= 0; i--)
		if (CPU_ISSET(i, &all)) {
			CPU_SET(i, &one);
			break;
		}
	return sched_setaffinity(0, sizeof(one), &one);
}

/* No call may equal the one before it: the sensor takes a twin (same place, same arguments) for a call that
 * the kernel restarted, and drops it early.  That would measure the wrong path. */
static void quiet(void)
{
	for (int i = 0; i < CALLS; i += 2) {
		syscall(SYS_getppid);
		syscall(SYS_getuid);
	}
}

/* Opens nothing: the kernel refuses an empty path before it looks for a file.  The mode is not read. */
static void acting(void)
{
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_openat, AT_FDCWD, "", O_RDONLY, i & 0777);
}

static double block(void (*calls)(void))
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	calls();
	clock_gettime(CLOCK_MONOTONIC, &b);
	return ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / CALLS;
}

int main(void)
{
	double best[2] = { 1e9, 1e9 };

	if (pin() < 0) {
		perror("loop: pin to one processor");
		return 1;
	}
	for (int i = 0; i < BLOCKS; i++)
		for (int k = 0; k < 2; k++) {
			double ns = block(k ? acting : quiet);

			if (ns < best[k])
				best[k] = ns;
		}
	printf("%.1f %.1f\n", best[0], best[1]);
	return fflush(stdout) == 0 ? 0 : 1;
}
