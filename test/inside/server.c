/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * server - a small service that does the same few things for ever, and what /tmp/command says when it
 * appears: the attacks of test/bats/monitor.bats.  What it did it proves in /tmp/proof-COMMAND.
 */
#include <fcntl.h>
#include <linux/sched.h>
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

/* Another container's cgroup, or the host's, for a child from its birth on: clone3(2), CLONE_INTO_CGROUP. */
static void born_elsewhere(const char *folder)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };

	args.cgroup = (unsigned)open(folder, O_RDONLY | O_CLOEXEC);
	if (syscall(SYS_clone3, &args, sizeof(args)) == 0)
		for (;;) {
			prove("born");
			usleep(20000);
		}
}

/* Another content for a file that nobody sees being written: through a shared mapping.  The byte is padding: elf(5). */
static void change_unseen(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at != MAP_FAILED)
		at[15] = 'x';
	close(fd);
}

static void copy_own(void)
{
	int from = open("/bin/learned", O_RDONLY | O_CLOEXEC), to = open("/tmp/own", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0 && write(to, buf, (size_t)n) == n)
		;
	close(from);
	close(to);
	run("/tmp/own", -1);
}

#if defined(__x86_64__)
/* A sensor that drops a call for a twin of the one before it, when a hash says so, can be made to drop any: getppid
 * ignores its fourth argument, which here makes both hashes equal. */
struct two {
	unsigned long sp, first, a[4], second, b[4], result;
};
extern const char after_first[], after_second[];
void two_prepare(struct two *t);
long two_calls(struct two *t);

static unsigned long mix(unsigned long hash, unsigned long value)
{
	hash = (hash ^ value) * 0x9E3779B97F4A7C15ul;
	return hash ^ (hash >> 32);
}

void two_prepare(struct two *t)
{
	unsigned long inverse = 0x9E3779B97F4A7C15ul, hash, want;

	for (int i = 0; i < 6; i++)
		inverse *= 2 - 0x9E3779B97F4A7C15ul * inverse;
	hash = mix(mix(0xcbf29ce484222325ul, (unsigned long)after_second), t->sp);
	for (int i = 0; i < 4; i++)
		hash = mix(hash, t->b[i]);
	want = hash ^ t->second ^ t->first;
	hash = mix(mix(0xcbf29ce484222325ul, (unsigned long)after_first), t->sp);
	for (int i = 0; i < 3; i++)
		hash = mix(hash, t->a[i]);
	want ^= want >> 32;
	t->a[3] = (want * inverse) ^ hash;
}

__asm__(".globl two_calls, after_first, after_second\n"
	"two_calls: push %rbx; mov %rdi, %rbx; mov %rsp, 0(%rbx); call two_prepare\n"
	"mov 8(%rbx), %rax; mov 16(%rbx), %rdi; mov 24(%rbx), %rsi; mov 32(%rbx), %rdx; mov 40(%rbx), %r10; syscall\n"
	"after_first: mov 48(%rbx), %rax; mov 56(%rbx), %rdi; mov 64(%rbx), %rsi; mov 72(%rbx), %rdx; mov 80(%rbx), %r10; syscall\n"
	"after_second: pop %rbx; ret\n");

static int make_twin(void)
{
	struct two t = { .first = SYS_getppid, .second = SYS_socket, .b = { AF_INET, SOCK_STREAM } };

	return two_calls(&t) >= 0;
}
#else
static int make_twin(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
#endif

/* "flood SEED COUNT": harmless calls in ever other orders, more than a record has room for. */
static void flood(const char *words)
{
	static const long still[] = { SYS_read, SYS_write, SYS_close, SYS_munmap, SYS_getppid, SYS_mprotect, SYS_getpid, SYS_gettid,
				      SYS_set_robust_list, SYS_prlimit64, SYS_rt_sigprocmask };
	unsigned seed = 0, count = 0;

	sscanf(words, "%u %u", &seed, &count);
	seed = seed * 7919 + 1;
#define RANDOM (seed ^= seed << 13, seed ^= seed >> 17, seed ^= seed << 5, seed >> 8)
	while (count-- > 0) {
		for (int i = 0; i < 2; i++)
			syscall(still[RANDOM % (sizeof(still) / sizeof(still[0]))], -1, 0, 0, 0, 0, 0);
		switch (RANDOM % 6) {
		case 0: syscall(SYS_openat, -1, "", 0, 0); break;
		case 1: syscall(SYS_unlinkat, -1, "", 0); break;
		case 2: syscall(SYS_memfd_create, NULL, 0); break;
		case 3: syscall(SYS_execve, NULL, NULL, NULL); break;
		case 4: syscall(SYS_clone3, NULL, 0); break;
		default: syscall(SYS_execveat, -1, "", NULL, NULL, 0);
		}
	}
}

/* What a hook of the runtime, or the entry itself, leaves behind. */
static void daemon_that(const char *what)
{
	if (fork() != 0)
		return;
	setsid();
	for (int fd = 0; fd < 3; fd++) /* whoever started us waits for their end */
		close(fd);
	for (int i = 0; i < 750; i++) {
		usleep(20000);
		if (access("/tmp/now", F_OK) == 0 && socket(AF_INET, SOCK_STREAM, 0) >= 0) {
			prove(what);
			break;
		}
	}
	pause();
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
	else if (strncmp(command, "born ", 5) == 0)
		born_elsewhere(command + 5);
	else if (strcmp(command, "own") == 0)
		copy_own();
	else if (strcmp(command, "map") == 0)
		change_unseen("/tmp/own"), run("/tmp/own", -1);
	else if (strcmp(command, "twin") == 0 && make_twin())
		prove("twin");
	else if (strncmp(command, "flood ", 6) == 0)
		flood(command + 6);
	else if (strncmp(command, "flood-socket ", 13) == 0)
		flood(command + 13), socket(AF_INET, SOCK_STREAM, 0) >= 0 ? prove("socket") : (void)0;
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

	if (argc > 1 && strcmp(argv[1], "hook") == 0) {
		daemon_that("hook");
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "outlive") == 0) {
		daemon_that("outlived");
		usleep(1500000);
		return 0;
	}
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
