/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app.c - a guestbook behind nginx, with one bug: never run it outside the demo's container.
 *
 * As the container's entry it starts nginx and two workers, passes signals on (HUP: read the key
 * again, USR1: nginx opens its logs again) and ends when told to.  A worker serves one request at
 * a time from a unix socket; only nginx talks to it:
 *
 *	GET /                  list the entries          POST /entry?name=N    write one
 *	GET /entry?name=N      read one                  DELETE /entry?name=N  needs the key
 *	GET /checksum?name=N   run cksum on one          GET /export           all of them
 *
 * The bug: decode() never asks how much room there is, so that a long name runs over the rest of
 * struct job.  Two uses of it, by the same request:
 *	- `tool` becomes /bin/sh: the worker starts a shell where it used to start cksum;
 *	- `kind` becomes KIND_RAW, a handler that no route reaches any more: it opens, reads and sends
 *	  any file, by calls that serving entries needs as well, in an order that it never makes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET  "/run/guestbook.sock"
#define ENTRIES "/srv/guestbook"
#define KEY     "/etc/guestbook.key"
#define NGINX   "/usr/sbin/nginx"
#define ROOM    (1u << 20)
#define WORKERS 2

enum kind { KIND_NONE, KIND_LIST, KIND_READ, KIND_WRITE, KIND_DELETE, KIND_SUM, KIND_EXPORT, KIND_RAW };

struct job {
	char name[64];
	char tool[64];
	char option[8];
	unsigned char kind;
};

struct worker {
	int  conn;
	char key[128];
	char *in, *out;   /* ROOM bytes each */
	size_t got, used; /* ... of which filled */
	char *body;       /* in `in` */
};

static volatile sig_atomic_t hup, usr1, stop;

static void note_signal(int number)
{
	if (number == SIGHUP)
		hup = 1;
	else if (number == SIGUSR1)
		usr1 = 1;
	else if (number != SIGCHLD)
		stop = 1;
}

static void handle_signals(void)
{
	/* A reload must not break the request at hand; sigsuspend() returns all the same. */
	struct sigaction sa = { .sa_handler = note_signal, .sa_flags = SA_RESTART };
	static const int numbers[] = { SIGHUP, SIGUSR1, SIGTERM, SIGINT, SIGQUIT, SIGCHLD };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

__attribute__((noreturn)) static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Whole file into `to`; the bytes, or -1. */
static ssize_t read_file(const char *path, char *to, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t used = 0;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size < room)
		while ((n = read(fd, to + used, room - used - 1)) > 0)
			used += (size_t)n;
	close(fd);
	to[used] = '\0';
	return n < 0 ? -1 : (ssize_t)used;
}

static void read_key(struct worker *w)
{
	if (read_file(KEY, w->key, sizeof(w->key)) < 0)
		die(KEY);
	w->key[strcspn(w->key, "\n")] = '\0';
}

static void send_all(struct worker *w, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(w->conn, text, len, 0);

		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* The answer goes out in one piece: w->out leaves room for the head before the body. */
#define HEAD 256
static void answer(struct worker *w, const char *status)
{
	char head[HEAD];
	int len = snprintf(head, sizeof(head), "HTTP/1.0 %s\r\nContent-Type: text/plain\r\n"
			   "Content-Length: %zu\r\n\r\n", status, w->used);

	memcpy(w->out + HEAD - len, head, (size_t)len);
	send_all(w, w->out + HEAD - len, (size_t)len + w->used);
}

static void refuse(struct worker *w, const char *status)
{
	w->used = (size_t)snprintf(w->out + HEAD, ROOM - HEAD, "%s\n", status);
	answer(w, status);
}

static bool good_name(const char *name)
{
	return *name && *name != '.' && strchr(name, '/') == NULL;
}

static void list_entries(struct worker *w, struct job *job)
{
	DIR *dir = opendir(".");
	const struct dirent *d;
	struct stat st;

	(void)job;
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.' && stat(d->d_name, &st) == 0 && w->used < ROOM / 2)
			w->used += (size_t)sprintf(w->out + HEAD + w->used, "%s %lld\n", d->d_name,
						   (long long)st.st_size);
	if (dir)
		closedir(dir);
	answer(w, "200 OK");
}

static void read_entry(struct worker *w, struct job *job)
{
	ssize_t n = good_name(job->name) ? read_file(job->name, w->out + HEAD, ROOM - HEAD) : -1;

	if (n < 0) {
		refuse(w, "404 Not Found");
		return;
	}
	w->used = (size_t)n;
	answer(w, "200 OK");
}

static void write_entry(struct worker *w, struct job *job)
{
	size_t len = w->got - (size_t)(w->body - w->in);
	char name[32];
	int fd;

	if (!good_name(job->name)) {
		refuse(w, "400 Bad Request");
		return;
	}
	snprintf(name, sizeof(name), ".new.%d", (int)getpid());
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0 || write(fd, w->body, len) != (ssize_t)len || close(fd) < 0 ||
	    rename(name, job->name) < 0)
		refuse(w, "500 Internal Server Error");
	else
		refuse(w, "201 Created");
}

static void delete_entry(struct worker *w, struct job *job)
{
	const char *key = strcasestr(w->in, "\r\nX-Key: ");

	if (!key || strncmp(key + 9, w->key, strlen(w->key)) != 0)
		refuse(w, "403 Forbidden");
	else if (!good_name(job->name) || unlink(job->name) < 0)
		refuse(w, "404 Not Found");
	else
		refuse(w, "200 OK");
}

/* A checksum gives nothing away, so that any name will do. */
static void sum_entry(struct worker *w, struct job *job)
{
	char *argv[] = { job->tool, job->option, job->name, NULL }, *env[] = { NULL };
	posix_spawn_file_actions_t files;
	int pipes[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0) {
		refuse(w, "500 Internal Server Error");
		return;
	}
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, pipes[1], 1);
	if (posix_spawn(&pid, job->tool, &files, NULL, argv, env) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&files);
	close(pipes[1]);
	while ((n = read(pipes[0], w->out + HEAD + w->used, ROOM / 2 - w->used)) > 0)
		w->used += (size_t)n;
	close(pipes[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (w->used == 0)
		refuse(w, "404 Not Found");
	else
		answer(w, "200 OK");
}

static void export_entries(struct worker *w, struct job *job)
{
	DIR *dir = opendir(".");
	const struct dirent *d;
	ssize_t n;

	(void)job;
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		n = read_file(d->d_name, w->out + HEAD + w->used, ROOM - HEAD - w->used);
		w->used += n > 0 ? (size_t)n : 0;
	}
	if (dir)
		closedir(dir);
	answer(w, "200 OK");
}

/* For the old front end.  Its route is gone, the handler is not. */
static void send_raw(struct worker *w, struct job *job)
{
	size_t head = (size_t)sprintf(w->out, "HTTP/1.0 200 OK\r\n\r\n");
	int fd = open(job->name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, w->out + head, ROOM - head);

	send(w->conn, w->out, head + (size_t)(n > 0 ? n : 0), 0);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %41 -> A, up to the end of the word. */
static void decode(char *to, const char *from)
{
	for (; *from && !strchr(" &\r\n", *from); from++) {
		if (*from == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0) {
			*to++ = (char)(hex(from[1]) << 4 | hex(from[2]));
			from += 2;
		} else {
			*to++ = *from;
		}
	}
}

static enum kind route(const char *line)
{
	static const struct { const char *start; enum kind kind; } routes[] = {
		{ "GET / ", KIND_LIST },            { "GET /entry?name=", KIND_READ },
		{ "POST /entry?name=", KIND_WRITE }, { "DELETE /entry?name=", KIND_DELETE },
		{ "GET /checksum?name=", KIND_SUM }, { "GET /export ", KIND_EXPORT },
	};

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strncmp(line, routes[i].start, strlen(routes[i].start)) == 0)
			return routes[i].kind;
	return KIND_NONE;
}

/* Head and body into w->in; false: the client went away or asks too much. */
static bool receive(struct worker *w)
{
	const char *length;
	size_t want;
	ssize_t n;

	for (w->got = 0, w->body = NULL, want = ROOM - 1; w->got < want; w->got += (size_t)n) {
		n = recv(w->conn, w->in + w->got, want - w->got, 0);
		if (n <= 0)
			return false;
		w->in[w->got + (size_t)n] = '\0';
		if (w->body || !(w->body = strstr(w->in, "\r\n\r\n")))
			continue;
		w->body += 4;
		length = strcasestr(w->in, "\r\nContent-Length: ");
		want = (size_t)(w->body - w->in) +
		       (length && length < w->body ? strtoul(length + 18, NULL, 10) : 0);
		if (want >= ROOM)
			return false;
	}
	return w->body != NULL;
}

static void serve(struct worker *w)
{
	static void (*const handlers[])(struct worker *, struct job *) = {
		[KIND_LIST] = list_entries, [KIND_READ] = read_entry,
		[KIND_WRITE] = write_entry, [KIND_DELETE] = delete_entry,
		[KIND_SUM] = sum_entry,     [KIND_EXPORT] = export_entries,
		[KIND_RAW] = send_raw,
	};
	struct job job = { .tool = "/usr/bin/cksum", .option = "--" };
	const char *name;

	w->used = 0;
	if (!receive(w))
		return;
	job.kind = (unsigned char)route(w->in);
	name = strstr(w->in, "?name=");
	if (name)
		decode((char *)&job, name + 6);
	if (job.kind > KIND_NONE && job.kind <= KIND_RAW)
		handlers[job.kind](w, &job);
	else
		refuse(w, "404 Not Found");
}

__attribute__((noreturn)) static void work(int sock, const struct passwd *user)
{
	struct worker w = { .in = malloc(ROOM), .out = malloc(ROOM) };

	/* By default action, so that a worker about to wait for a client cannot miss it. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	read_key(&w);
	if (!w.in || !w.out || setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0 || chdir(ENTRIES) < 0)
		die("worker");
	for (;;) {
		w.conn = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
		if (w.conn < 0)
			continue;
		if (hup) {
			hup = 0;
			read_key(&w);
		}
		serve(&w);
		close(w.conn);
	}
}

static int listen_at(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(sa.sun_path, path);
	unlink(path);
	if (sock < 0 || bind(sock, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(sock, 64) < 0 ||
	    chmod(path, 0666) < 0)
		die(path);
	return sock;
}

static pid_t start(int sock, const struct passwd *user)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (user)
		work(sock, user);
	signal(SIGPIPE, SIG_DFL);
	execl(NGINX, NGINX, "-c", "/etc/nginx/guestbook.conf", (char *)NULL);
	die(NGINX);
}

/* children[0] is nginx: when it ends, all ends. */
static void supervise(int sock, const struct passwd *user, pid_t *children)
{
	sigset_t none;
	pid_t pid;

	sigemptyset(&none);
	while (!stop) {
		sigsuspend(&none);
		if (usr1)
			kill(children[0], SIGUSR1);
		for (int i = 0; hup && i <= WORKERS; i++)
			kill(children[i], SIGHUP);
		usr1 = hup = 0;
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			for (int i = 0; i <= WORKERS; i++)
				if (children[i] == pid && i == 0)
					stop = 1;
				else if (children[i] == pid && !stop)
					children[i] = start(sock, user);
	}
}

int main(void)
{
	const struct passwd *user = getpwnam("www-data");
	int sock = listen_at(SOCKET);
	pid_t children[WORKERS + 1];
	sigset_t all;

	if (!user)
		die("user www-data");
	handle_signals();
	/* Outside sigsuspend() every signal waits, so that none comes between the look and the sleep. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i <= WORKERS; i++)
		children[i] = start(sock, i ? user : NULL);
	supervise(sock, user, children);
	for (int i = 0; i <= WORKERS; i++)
		if (children[i] > 0)
			kill(children[i], i ? SIGTERM : SIGQUIT);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}
