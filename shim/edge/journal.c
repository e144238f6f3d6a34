/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"
#include "wake.h"

#define LOG_FILES_MOST 100

/* A line is one write(2); what a full disk or a crash leaves of one is taken back or closed off, so
 * that a reader never meets half a line glued to a whole one. */
static int write_line(int fd, off_t end, struct buf *line, const char *path, struct err *e)
{
	char last = '\n';
	ssize_t n;

	if (end > 0 && pread(fd, &last, 1, end - 1) < 0)
		return fail(e, errno, "read %s: %m", path);
	if (last != '\n' && write(fd, "\n", 1) != 1)
		return fail(e, errno, "write %s: %m", path);
	n = write(fd, line->text, line->len);
	if (n == (ssize_t)line->len)
		return 0;
	int code = n < 0 ? errno : ENOSPC;
	if (ftruncate(fd, end) < 0)
		code = errno;
	errno = code;
	return fail(e, code, "write %s: %m", path);
}

static void old_path(const struct policy *p, unsigned number, char ret[4096])
{
	snprintf(ret, 4096, "%s/events.jsonl.%u", p->log, number);
}

/* Make .1 free.  The files move up as far as the first number that is missing: a rotation that was killed half-way leaves
 * such a gap, and going on past it would drop the oldest file though there is room.  Under the lock. */
static int rotate(const struct policy *p, const char *path, struct err *e)
{
	char from[4096], to[4096];
	unsigned gap = 1;

	for (unsigned i = p->limits.log_files + 1; i <= LOG_FILES_MOST; i++) { /* the limit was lowered */
		old_path(p, i, to);
		if (unlink(to) < 0 && errno == ENOENT)
			break;
	}
	for (old_path(p, gap, to); gap < p->limits.log_files && access(to, F_OK) == 0; old_path(p, gap, to))
		gap++;
	for (unsigned i = gap; i > 1; i--) {
		old_path(p, i, to);
		old_path(p, i - 1, from);
		if (rename(from, to) < 0)
			return fail(e, errno, "rotate %s: %m", from);
	}
	old_path(p, 1, to);
	return rename(path, to) < 0 ? fail(e, errno, "rotate %s: %m", path) : 0;
}

int journal_append(const struct policy *p, const struct json *line, struct err *e)
{
	size_t most = (size_t)p->limits.log_kib << 10;
	char path[4096];
	auto_buf text = { 0 };
	struct stat st;
	int rc;

	snprintf(path, sizeof(path), "%s/events.jsonl", p->log);
	json_emit(line, 0, &text);
	buf_puts(&text, "\n");
	if (text.failed)
		return fail(e, ENOMEM, "out of memory");
	rc = lock_folder(path, e);
	for (int attempt = 0; rc == 0 && attempt < 2; attempt++) {
		auto_of(fd) int fd = lock_open(path, O_RDWR | O_APPEND, e);

		if (fd < 0)
			return fd;
		if (fstat(fd, &st) < 0)
			return fail(e, errno, "stat %s: %m", path);
		if (st.st_size == 0 || (size_t)st.st_size + text.len <= most)
			return write_line(fd, st.st_size, &text, path, e);
		rc = rotate(p, path, e);
	}
	return rc < 0 ? rc : fail(e, EAGAIN, "%s is filled by others faster than it rotates", path);
}

void journal_deed(const struct policy *p, const char *event, const char *object, const char *words)
{
	auto_of(json) struct json *line = json_new(JSON_OBJECT);
	struct err ignored;

	wake_all(p); /* whom it concerns, they know best */
	if (json_set(line, "when", json_num(time(NULL))) &&
	    json_set(line, "event", json_str(event)) &&
	    json_set(line, "object", json_str(object)) &&
	    json_set(line, "uid", json_num(getuid())) && json_set(line, "words", json_str(words)) &&
	    journal_append(p, line, &ignored) < 0)
		return;
}
