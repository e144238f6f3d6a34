/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

#define SAID_BYTES (1u << 20)

static void become(const struct command_wish *w, int said)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	if (null < 0 || dup2(null, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0)
		_exit(126);
	if (w->set && setenv(w->set, w->to, 1) < 0)
		_exit(126);
	execvp(w->argv[0], w->argv);
	_exit(errno == ENOENT ? 127 : 126);
}

/* What it says goes to a file in memory: what it leaves running may hold a pipe open for ever. */
static int hear(int fd, struct buf *said, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int rc;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return fail(e, errno, "read what a program said: %m");
	rc = file_read_fd(fd, "what a program said", SAID_BYTES, &text, &len, e);
	if (rc == 0)
		buf_add(said, text, len);
	return rc;
}

int command_run(const struct command_wish *w, struct buf *said, struct err *e)
{
	auto_of(fd) int out = memfd_create("said", MFD_CLOEXEC);
	int status = 0, rc, ended;
	pid_t pid = out < 0 ? -1 : fork();

	if (pid == 0)
		become(w, out);
	if (pid < 0)
		return fail(e, errno, "start %s: %m", w->argv[0]);
	auto_of(fd) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { fd, POLLIN, 0 };
	do
		ended = fd < 0 ? 1 : poll(&p, 1, (int)w->seconds * 1000);
	while (ended < 0 && errno == EINTR);
	if (ended == 0 && kill(-pid, SIGKILL) < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(e, errno, "wait for %s: %m", w->argv[0]);
	rc = hear(out, said, e);
	if (rc < 0)
		return rc;
	if (ended == 0)
		return fail(e, ETIMEDOUT, "%s did not end within %u s", w->argv[0], w->seconds);
	rc = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return rc == 127 && !said->len ? fail(e, ENOENT, "there is no program %s", w->argv[0]) : rc;
}

const char *command_last_line(struct buf *said)
{
	char *line;

	while (said->len && strchr("\n\r \t", said->text[said->len - 1]))
		said->text[--said->len] = '\0';
	line = said->len ? strrchr(said->text, '\n') : NULL;
	return line ? line + 1 : said->len ? said->text : "";
}
