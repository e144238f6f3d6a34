/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper.c - the process that holds a container's descriptors and restarts its monitor.
 *
 * Born of the hook by a double fork, with every descriptor of the runtime closed (it waits for the end of its
 * pipes), in a session and a cgroup of its own.  It attaches first, so that each monitor it forks
 * finds everything open; then it parses nothing any more.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "monitor.h"
#include "privs.h"
#include "state.h"

enum { PREPARE_MS = 150 };

static void close_all_but(int keep)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	/* by number: musl 1.2.3 has no close_range() */
	if (keep > 3)
		syscall(SYS_close_range, 3u, (unsigned)keep - 1, 0u);
	syscall(SYS_close_range, (unsigned)(keep > 2 ? keep + 1 : 3), ~0u, 0u);
}

static void settle_down(void)
{
	auto_of(fd) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "-900", 4) < 0)
		(void)setpriority(PRIO_PROCESS, 0, 0); /* without CAP_SYS_RESOURCE we stay as we are */
	(void)setpriority(PRIO_PROCESS, 0, -10);
	cgroup_leave();
	if (chdir("/") < 0)
		_exit(1);
	umask(077);
}

/* Drop the state folder only when it is ours: the ID may have been created anew. */
static void forget(const struct plan *p)
{
	struct state s;
	struct err e;

	if (state_load(p->state, &s, &e) == 0) {
		bool mine = s.keeper == (unsigned)getpid();

		state_done(&s);
		if (!mine)
			return;
	}
	state_remove(p->state);
}

/* A slot for the next container, once this one's start no longer wants the CPUs. */
static void prepare(struct monitor *m, pid_t monitor)
{
	struct pollfd p = { (int)syscall(SYS_pidfd_open, monitor, 0), POLLIN, 0 };

	if (p.fd >= 0 && poll(&p, 1, PREPARE_MS) == 0)
		monitor_prepare(m);
	file_close(p.fd);
}

static void keep(struct monitor *m)
{
	for (;;) {
		time_t born = time(NULL);
		pid_t pid = fork();
		int status = 0;

		if (pid == 0) {
			struct err e;

			signal(SIGTERM, SIG_DFL);
			prctl(PR_SET_NAME, "thymus-monitor");
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			if (m->row->mode == SENSE_JUDGE && monitor_apply(m, &e) < 0)
				monitor_journal(m, "error", e.text);
			_exit(monitor_run(m));
		}
		if (pid > 0 && m->kind != KIND_NONE)
			prepare(m, pid);
		if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return;
		monitor_journal(m, "error", "the monitor ended unexpectedly; the keeper starts another");
		if (time(NULL) - born < 1)
			usleep(500000); /* at most two a second, never spinning */
	}
}

/* Tell the hook, and hear that it still listened.  If it gave up waiting, the container fails or runs on
 * without us, as policy says: then nothing of ours may stay, nor claim that it is watched. */
static bool answer(int to, const char *words)
{
	char heard = 0;
	bool taken = send(to, words, strlen(words) + 1, MSG_NOSIGNAL) > 0 && recv(to, &heard, 1, 0) == 1;

	close(to);
	return taken;
}

static int keeper_main(const struct plan *plan, int to)
{
	struct monitor m = { .plan = plan, .keeper = getpid(), .gate = -1, .root = -1, .mounts = -1, .layer = { .upper = -1 },
			     .pidfd = -1, .wake = -1, .slot = CONTAINERS };
	struct err e = { "" };

	prctl(PR_SET_NAME, "thymus-keeper");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	m.shared = mmap(NULL, sizeof(*m.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m.shared == MAP_FAILED) {
		answer(to, "out of memory");
		return 1;
	}
	/* Whoever asks once `create` has returned finds it; what nobody could find, nobody could release. */
	bool attached = monitor_attach(&m, &e) == 0 && privs_drop(&e) == 0 && monitor_store_state(&m, &e) == 0;
	if (!answer(to, attached ? "ok" : e.text) || !attached) {
		monitor_leave(&m);
		forget(plan);
		monitor_empty(&m);
		return 1;
	}
	keep(&m);
	monitor_leave(&m);
	forget(plan);
	/* `delete` waits for our end, and shall not wait for what the kernel takes its time for */
	if (fork() <= 0)
		monitor_empty(&m);
	return 0;
}

static int hear(int from, unsigned seconds, struct err *e)
{
	char words[256] = "";
	struct pollfd p = { from, POLLIN, 0 };
	int rc = poll(&p, 1, (int)seconds * 1000);

	if (rc == 0)
		return fail(e, ETIMEDOUT, "the monitor was not attached within %u s (policy: attach_timeout)", seconds);
	if (rc < 0 || recv(from, words, sizeof(words) - 1, 0) <= 0 || send(from, "", 1, MSG_NOSIGNAL) != 1)
		return fail(e, EPIPE, "the keeper died before it had attached");
	return strcmp(words, "ok") == 0 ? 0 : fail(e, EIO, "%s", words);
}

int keeper_start(const struct plan *plan, struct err *e)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(e, errno, "socket to the keeper: %m");
	pid = cgroup_fork();
	if (pid < 0)
		return fail(e, errno, "fork the keeper: %m");
	if (pid == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		close_all_but(ends[1]);
		settle_down();
		_exit(keeper_main(plan, ends[1]));
	}
	auto_of(fd) int from = ends[0];
	close(ends[1]);
	waitpid(pid, NULL, 0);
	return hear(from, plan->policy.attach_timeout, e);
}
