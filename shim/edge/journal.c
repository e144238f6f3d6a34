/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"

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

int journal_append(const struct policy *p, const struct json *line, struct err *e)
{
	char path[4096], old[4096];
	auto_buf text = { 0 };
	struct stat st;
	int rc;

	snprintf(path, sizeof(path), "%s/events.jsonl", p->log);
	snprintf(old, sizeof(old), "%s/events.jsonl.1", p->log);
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
		if (st.st_size == 0 || (size_t)st.st_size + text.len <= JOURNAL_BYTES)
			return write_line(fd, st.st_size, &text, path, e);
		if (rename(path, old) < 0)
			return fail(e, errno, "rotate %s: %m", path);
	}
	return rc < 0 ? rc : fail(e, EAGAIN, "%s is filled by others faster than it rotates", path);
}

void journal_deed(const struct policy *p, const char *event, const char *object, const char *words)
{
	auto_of(json) struct json *line = json_new(JSON_OBJECT);
	struct err ignored;

	if (json_set(line, "when", json_num(time(NULL))) &&
	    json_set(line, "event", json_str(event)) &&
	    json_set(line, "object", json_str(object)) &&
	    json_set(line, "uid", json_num(getuid())) && json_set(line, "words", json_str(words)) &&
	    journal_append(p, line, &ignored) < 0)
		return;
}
