/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server - a small service that does the same few things for ever, and what /tmp/command says when it
 * appears: the attacks of test/bats/monitor.bats.  What it did it proves in /tmp/proof-COMMAND.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void prove(const char *what)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/proof-%s", what);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	if (fd >= 0)
		close(fd);
}

static void run(const char *path, int fd)
{
	char *argv[] = { (char *)(size_t)"ran", (char *)(size_t)"/tmp/proof-ran", NULL }, *none[] = { NULL };
	pid_t pid = fork();

	if (pid == 0) {
		if (fd >= 0)
			syscall(SYS_execveat, fd, "", argv, none, AT_EMPTY_PATH);
		else
			execve(path, argv, none);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

/* "run PATH WORD...": in a child. */
static void run_words(char *words)
{
	char *argv[8], *none[] = { NULL };
	int n = 0;

	for (char *w = strtok(words, " "); w && n < 7; w = strtok(NULL, " "))
		argv[n++] = w;
	argv[n] = NULL;
	pid_t pid = n ? fork() : -1;

	if (pid == 0) {
		execve(argv[0], argv, none);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

static void *execute(void *path)
{
	char *argv[] = { (char *)(size_t)"ran", (char *)(size_t)"/tmp/proof-ran", NULL }, *none[] = { NULL };

	execve(path, argv, none);
	_exit(1);
}

/* By a thread that is not its process' first: the kernel gives it the first one's ID. */
static void run_by_thread(const char *path)
{
	pthread_t thread;
	pid_t pid = fork();

	if (pid == 0) {
		if (pthread_create(&thread, NULL, execute, (void *)(size_t)path) == 0)
			pthread_join(thread, NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

/* Into the cgroup of another container, or the host's: cgroups(7). */
static int leave(const char *procs)
{
	int fd = open(procs, O_WRONLY | O_CLOEXEC);
	int left = fd >= 0 && write(fd, "0", 1) == 1;

	if (fd >= 0)
		close(fd);
	return left;
}

/* A program that lies in memory only; `execute` 0: just the bytes. */
static void run_memfd(int execute)
{
	int from = open("/bin/touch-proof", O_RDONLY | O_CLOEXEC), to = (int)syscall(SYS_memfd_create, "x", 0);
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return;
	close(from);
	if (execute)
		run(NULL, to);
	close(to);
}

static long int80(long nr)
{
	long ret = -1;
#if defined(__x86_64__)
	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr) : "memory", "r8", "r9", "r10", "r11");
#else
	(void)nr;
#endif
	return ret;
}

static void obey(char *command)
{
	if (strcmp(command, "exec") == 0)
		run("/bin/touch-proof", -1);
	else if (strcmp(command, "memfd") == 0)
		run_memfd(1);
	else if (strcmp(command, "harmless") == 0) /* learned: a child, one by execveat, and bytes in memory */
		run("/bin/learned", -1), run("", open("/bin/learned", O_RDONLY | O_CLOEXEC)), run_memfd(0),
			run_by_thread("/bin/learned");
	else if (strncmp(command, "run ", 4) == 0)
		run_words(command + 4);
	else if (strcmp(command, "thread") == 0)
		run_by_thread("/bin/touch-proof");
	else if (strncmp(command, "leave ", 6) == 0 && leave(command + 6))
		prove("left");
	else if (strcmp(command, "int80") == 0 && int80(20) > 0) /* getpid of i386 */
		prove("int80");
	else if (strcmp(command, "x32") == 0)
		syscall(0x40000000 + SYS_getpid), prove("x32");
	else if (strcmp(command, "mount") == 0 && mount("none", "/tmp/m", "tmpfs", 0, NULL) == 0)
		prove("mount");
	else if (strcmp(command, "socket") == 0 && socket(AF_INET, SOCK_STREAM, 0) >= 0)
		prove("socket");
	else if (strcmp(command, "fork") == 0 && fork() == 0) { /* a fresh process buys no fresh window */
		mkdir("/tmp/forked", 0755);
		prove("fork");
		_exit(0);
	}
}

/* Two children that only make calls: they must stop too when the container is condemned. */
static void spin(void)
{
	for (int i = 0; i < 2; i++)
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;) {
				struct stat st;

				stat("/tmp", &st);
				usleep(500);
			}
		}
}

int main(int argc, char **argv)
{
	char command[256];

	(void)argv;
	if (argc > 1)
		spin();
	for (;;) {
		int fd = open("/tmp/command", O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, command, sizeof(command) - 1);

		if (fd >= 0) {
			close(fd);
			unlink("/tmp/command");
		}
		prove("alive");
		if (n > 0) {
			command[n] = '\0';
			command[strcspn(command, "\n")] = '\0';
			obey(command);
		}
		usleep(20000);
	}
}
