/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "delegate.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

#define HEAD_BYTES 4096
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

/* An ELF note (elf(5)), which linkers put near the beginning of a file: every copy of thymus, of
 * whatever version, is known by its first page. */
static const struct {
	Elf64_Nhdr head;
	char owner[8];
	char text[24];
} mark __attribute__((section(".note.thymus"), used, aligned(4))) = {
	{ sizeof(mark.owner), sizeof(mark.text), 1 }, "thymus", "stands before a runtime"
};

static bool has_mark(const char *path)
{
	char head[HEAD_BYTES];
	auto_of(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);

	return n > 0 && memmem(head, (size_t)n, &mark, sizeof(mark));
}

bool delegate_is_thymus(const char *path)
{
	struct stat self, other;

	if (stat("/proc/self/exe", &self) == 0 && stat(path, &other) == 0 &&
	    self.st_dev == other.st_dev && self.st_ino == other.st_ino)
		return true;
	return has_mark(path);
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static int check_wanted(const char *path, char ret[4096], struct err *e)
{
	if (path[0] != '/')
		return fail(e, EINVAL, "runtime %s: give its absolute path", path);
	if (snprintf(ret, 4096, "%s", path) >= 4096)
		return fail(e, ENAMETOOLONG, "runtime %s: name too long", path);
	if (delegate_is_thymus(path))
		return fail(e, ELOOP, "runtime %s is thymus itself: name the path of runc or crun",
			    path);
	return 0;
}

int delegate_find(const char *wanted, char ret[4096], struct err *e)
{
	/* podman calls kill and delete with one empty variable for an environment. */
	static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					       "/usr/bin", "/sbin", "/bin" };
	static const char *const names[] = { "runc", "crun" };

	if (wanted)
		return check_wanted(wanted, ret, e);
	for (size_t n = 0; n < COUNT(names); n++)
		for (size_t f = 0; f < COUNT(folders); f++) {
			snprintf(ret, 4096, "%s/%s", folders[f], names[n]);
			if (is_program(ret) && !delegate_is_thymus(ret))
				return 0;
		}
	return fail(e, ENOENT, "no runc and no crun in /usr/local, /usr or /: install one, or "
			       "name its path in the policy's \"delegate\"");
}

int delegate_exec(const char *wanted, char **argv, struct err *e)
{
	char path[4096], *own = argv[0];
	int rc = delegate_find(wanted, path, e);

	if (rc < 0)
		return rc;
	argv[0] = path;
	execv(path, argv);
	rc = -errno;
	argv[0] = own;
	errno = -rc;
	return fail(e, -rc, "cannot start runtime %s: %m", path);
}

int delegate_ask(const char *wanted, const char *flag, struct err *e)
{
	char path[4096], word[32], *argv[] = { path, word, NULL };
	int status, rc = delegate_find(wanted, path, e);
	pid_t pid;

	if (rc < 0)
		return rc;
	if (!is_program(path))
		return fail(e, ENOENT, "cannot start runtime %s: it is no executable file", path);
	snprintf(word, sizeof(word), "%s", flag);
	pid = fork();
	if (pid == 0) {
		execv(path, argv);
		_exit(127);
	}
	if (pid < 0)
		return fail(e, errno, "start runtime %s: %m", path);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(e, errno, "wait for runtime %s: %m", path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
