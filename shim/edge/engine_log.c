/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "engine_log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "json.h"

static void compose(bool as_json, const char *words, struct buf *to)
{
	auto_of(json) struct json *line = json_new(JSON_OBJECT);
	time_t now = time(NULL);
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!json_set(line, "level", json_str("error")) ||
	    !json_set(line, "msg", json_str(words)) || !json_set(line, "time", json_str(when)))
		return;
	if (as_json) {
		json_emit(line, 0, to);
	} else {
		buf_printf(to, "time=\"%s\" level=error msg=", when);
		json_emit(json_get(line, "msg"), 0, to); /* logrus quotes as JSON does */
	}
	buf_puts(to, "\n");
}

/* crun's --log may name a driver before the file, or one that has none. */
static const char *file_of(const char *log)
{
	if (log && strncmp(log, "file:", 5) == 0)
		return log + 5;
	if (log && (strncmp(log, "journald:", 9) == 0 || strncmp(log, "syslog:", 7) == 0))
		return NULL;
	return log;
}

void engine_log(const char *log, bool as_json, const char *words)
{
	const char *path = file_of(log);
	auto_buf line = { 0 };
	struct stat st;

	if (!path)
		return;
	/* The mode is runc's.  O_NONBLOCK: opening a FIFO that nobody reads fails instead of
	 * waiting (fifo(7)). */
	auto_of(fd) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK |
				  O_NOCTTY, 0644);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	compose(as_json, words, &line);
	/* One write, so that lines of others do not fall between. */
	if (!line.failed && line.len && write(fd, line.text, line.len) < 0)
		return;
}
