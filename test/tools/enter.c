/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * enter CGROUP PID [PROGRAM WORD...] - come into a container as the runtime's exec does, a process of several threads:
 * the first one is moved into the folder CGROUP, another one then makes threads and calls, enters PID's mounts,
 * and executes PROGRAM there.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct errand {
	sem_t moved;
	int namespace;
	char **program; /* NULL: none */
};

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void *make_calls(void *ctx)
{
	const struct errand *it = ctx;

	if (socket(AF_UNIX, SOCK_DGRAM, 0) < 0 || getppid() < 0)
		give_up("socket");
	if (unshare(CLONE_FS) < 0 || setns(it->namespace, CLONE_NEWNS) < 0)
		give_up("setns");
	if (it->program) {
		execv(it->program[0], it->program);
		give_up(it->program[0]);
	}
	return NULL;
}

static void *make_thread(void *ctx)
{
	struct errand *it = ctx;
	pthread_t thread;

	sem_wait(&it->moved);
	if (pthread_create(&thread, NULL, make_calls, it) != 0)
		give_up("pthread_create");
	pthread_join(thread, NULL);
	return NULL;
}

int main(int argc, char **argv)
{
	struct errand it = { .program = argc > 3 ? argv + 3 : NULL };
	pthread_t thread;
	char path[4096];
	int fd;

	if (argc < 3) {
		fprintf(stderr, "usage: enter CGROUP PID [PROGRAM WORD...]\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", argv[2]);
	it.namespace = open(path, O_RDONLY | O_CLOEXEC);
	if (it.namespace < 0)
		give_up(path);
	sem_init(&it.moved, 0, 0);
	if (pthread_create(&thread, NULL, make_thread, &it) != 0)
		give_up("pthread_create");
	snprintf(path, sizeof(path), "%s/cgroup.procs", argv[1]);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		give_up(path);
	sem_post(&it.moved);
	pthread_join(thread, NULL);
	return 0;
}
