/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recvtty [--pid-file FILE] [--mode MODE] SOCKET - take the terminals that a runtime sends to its --console-socket, and
 * read what comes out of them.
 *
 * Stands in for the program of that name among runc's (contrib/cmd/recvtty), which its integration tests use in mode
 * "null" only, so that they need no Go.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TERMINALS 64

static struct pollfd open_ones[1 + TERMINALS];
static nfds_t count;

/* The descriptor that comes with the first bytes of a connection. */
static int receive(int connection)
{
	union { struct cmsghdr head; char room[CMSG_SPACE(sizeof(int))]; } control;
	char name[4096];
	struct iovec bytes = { name, sizeof(name) };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *head;
	int fd = -1;

	if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) > 0) {
		head = CMSG_FIRSTHDR(&message);
		if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	}
	return fd;
}

static void take(int listener)
{
	int connection = accept(listener, NULL, NULL), fd;

	if (connection < 0)
		return;
	fd = receive(connection);
	close(connection);
	if (fd >= 0 && count <= TERMINALS)
		open_ones[count++] = (struct pollfd){ fd, POLLIN, 0 };
	else if (fd >= 0)
		close(fd);
}

static void drain(nfds_t i)
{
	char text[4096];

	if (read(open_ones[i].fd, text, sizeof(text)) > 0)
		return;
	close(open_ones[i].fd);
	open_ones[i] = open_ones[--count];
}

static int listen_on(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || snprintf(to.sun_path, sizeof(to.sun_path), "%s", path) >= (int)sizeof(to.sun_path) ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(fd, 16) < 0)
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[argc - 1] : "";
	FILE *file = NULL;
	int listener;

	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--pid-file") == 0)
			file = fopen(argv[i + 1], "w");
	if (file) {
		fprintf(file, "%d\n", (int)getpid());
		fclose(file);
	}
	listener = listen_on(path);
	if (listener < 0) {
		perror(path);
		return 1;
	}
	open_ones[count++] = (struct pollfd){ listener, POLLIN, 0 };
	while (poll(open_ones, count, -1) > 0) {
		for (nfds_t i = count - 1; i > 0; i--)
			if (open_ones[i].revents)
				drain(i);
		if (open_ones[0].revents)
			take(listener);
	}
	return 1;
}
