/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flood calm|odd|same SECONDS [A-MINUTE] - harmless calls: in one order for ever, or so many times a minute in an order
 * that was (almost) never there before, or in the same strange one.  Says how often.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const long still[] = {
	SYS_read, SYS_write, SYS_close, SYS_lseek, SYS_getppid, SYS_getpid, SYS_gettid, SYS_getuid, SYS_getgid, SYS_geteuid,
	SYS_getegid, SYS_getpgid, SYS_getsid, SYS_fstat, SYS_fsync, SYS_fdatasync, SYS_flock, SYS_fcntl, SYS_dup, SYS_getcwd,
	SYS_uname, SYS_umask, SYS_getrlimit, SYS_getrusage, SYS_sysinfo, SYS_times, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64,
};
static const long acting[] = { SYS_openat, SYS_unlinkat, SYS_mkdirat, SYS_renameat, SYS_linkat, SYS_symlinkat, SYS_fchmodat, SYS_fchownat };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static unsigned pick(unsigned long *state, size_t most)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (unsigned)((*state >> 20) % most);
}

static void stray(unsigned long *state, int same)
{
	unsigned long fixed = 88172645463325252ul;
	unsigned long *s = same ? &fixed : state;

	for (int i = 0; i < 2; i++)
		syscall(still[pick(s, COUNT(still))], -1, 0, 0, 0, 0, 0);
	syscall(acting[pick(s, COUNT(acting))], -1, 0, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
	long seconds = argc > 2 ? atol(argv[2]) : 1, rate = argc > 3 ? atol(argv[3]) : 1000000;
	int calm = argc < 2 || strcmp(argv[1], "calm") == 0, same = argc > 1 && strcmp(argv[1], "same") == 0;
	struct timespec begin, now, pause = { 0, 5000000 };
	unsigned long state = 1442695040888963407ul;
	double passed = 0;
	long made = 0;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (passed < (double)seconds) {
		for (; !calm && (double)made < passed * (double)rate / 60; made++)
			stray(&state, same);
		syscall(SYS_getppid);
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		passed = (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
	}
	printf("%ld in %.1f s\n", made, passed);
	return 0;
}
