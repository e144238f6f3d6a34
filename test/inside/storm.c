/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * storm THREADS CALLS [ODD] - many threads, each making CALLS system calls in a few fixed patterns; then ODD times
 * an order that the patterns do not have.  Says how many it made.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long calls_each, odd;

static void on_signal(int sig)
{
	(void)sig;
	syscall(SYS_getuid);
}

static long pattern(unsigned kind, int null)
{
	struct stat st;
	char c = 0;
	int fd;

	switch (kind % 3) {
	case 0:
		fd = open("/proc/self/stat", O_RDONLY);
		c = (char)read(fd, &c, 1);
		close(fd);
		return 3;
	case 1:
		lseek(null, 0, SEEK_SET);
		c = (char)write(null, &c, 1);
		return 2;
	default:
		fstat(null, &st);
		syscall(SYS_getuid);
		syscall(SYS_getgid);
		return 3;
	}
}

/* Orders that pattern() never has: an acting call right after one that never precedes it. */
static void stray(int null, long n)
{
	int fd;

	if (n % 2)
		syscall(SYS_getgid);
	else
		lseek(null, 0, SEEK_SET);
	fd = open("/dev/null", O_RDONLY);
	if (n % 3 == 0)
		lseek(fd, 0, SEEK_SET);
	close(fd);
}

static void *work(void *arg)
{
	unsigned state = (unsigned)(size_t)arg * 2654435761u + 1;
	int null = open("/dev/null", O_RDWR);

	for (long made = 0; made < calls_each;) {
		state = state * 1103515245u + 12345u;
		made += pattern(state >> 16, null);
		if (state >> 20 == 7)
			raise(SIGUSR1);
	}
	for (long i = 0; i < odd; i++)
		stray(null, i);
	close(null);
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argc > 1 ? atol(argv[1]) : 1;
	pthread_t *t = calloc((size_t)threads, sizeof(*t));

	if (!t)
		return 1;
	calls_each = argc > 2 ? atol(argv[2]) : 1000;
	odd = argc > 3 ? atol(argv[3]) : 0;
	signal(SIGUSR1, on_signal);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, work, (void *)(size_t)(i + 1)) != 0)
			return 1;
	for (long i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	printf("%ld threads, %ld calls each, %ld odd\n", threads, calls_each, odd);
	free(t);
	return 0;
}
