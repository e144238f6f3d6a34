/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate.c - may this file be executed?  Decided while the exec waits, from what the profile's files
 * were when the gate was armed.
 *
 * The sensor judges every exec again, by name and ancestry too, before the program's first
 * instruction; the gate alone makes an unlearned exec fail without having happened.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "file.h"
#include "gate_exec.h"
#include "layer.h"
#include "monitor.h"
#include "rootfs.h"

struct allowed {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec ctime;
};

static void identity(const struct stat *st, struct allowed *ret)
{
	*ret = (struct allowed){ st->st_dev, st->st_ino, st->st_size, st->st_ctim };
}

static bool same(const struct allowed *a, const struct allowed *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->ctime.tv_sec == b->ctime.tv_sec &&
	       a->ctime.tv_nsec == b->ctime.tv_nsec;
}

static void allow_fd(struct monitor *m, int fd)
{
	struct allowed one, *more;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	identity(&st, &one);
	for (size_t i = 0; i < m->nallowed; i++)
		if (same(&m->allowed[i], &one))
			return;
	more = realloc(m->allowed, (m->nallowed + 1) * sizeof(*more));
	if (!more)
		return;
	m->allowed = more;
	m->allowed[m->nallowed++] = one;
}

/* The dynamic loader of an ELF file is opened for execution too: elf(5), PT_INTERP. */
static bool loader_of(int fd, char ret[256])
{
	Elf64_Ehdr h;
	Elf64_Phdr ph;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 ||
	    h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_phentsize != sizeof(ph))
		return false;
	for (unsigned i = 0; i < h.e_phnum && i < 64; i++) {
		if (pread(fd, &ph, sizeof(ph), (off_t)(h.e_phoff + i * sizeof(ph))) != sizeof(ph))
			return false;
		if (ph.p_type != PT_INTERP || ph.p_filesz < 2 || ph.p_filesz > 255)
			continue;
		ssize_t n = pread(fd, ret, ph.p_filesz, (off_t)ph.p_offset);
		if (n != (ssize_t)ph.p_filesz)
			return false;
		ret[n] = '\0';
		return true;
	}
	return false;
}

/* A file's own path in the container: our descriptors of its files show no more. */
static bool path_of(int fd, char ret[4096])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, 4095);
	ret[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

static bool in_upper(const struct monitor *m, int fd, char sha256[65])
{
	char path[4096];

	return path_of(fd, path) && layer_has(m->upper, m->root, fd, path, sha256);
}

bool monitor_unchanged(const struct monitor *m, const struct program *g, int fd)
{
	char sha256[65];

	return !layer_has(m->upper, m->root, fd, g->path, sha256) || (*sha256 && strcmp(sha256, g->sha256) == 0);
}

/* What `fd`'s program cannot run without: its loader, if that is the image's. */
static void allow_loader(struct monitor *m, int program)
{
	char loader[256], sha256[65];

	if (!loader_of(program, loader))
		return;
	auto_of(fd) int fd = rootfs_open(m->root, loader);
	if (fd >= 0 && !in_upper(m, fd, sha256))
		allow_fd(m, fd);
}

static void allow_program(struct monitor *m, const struct program *g)
{
	auto_of(fd) int fd = rootfs_open_exact(m->root, g->path);

	if (fd < 0 || !monitor_unchanged(m, g, fd))
		return;
	allow_fd(m, fd);
	allow_loader(m, fd);
}

/* A learned program that was written or touched (chown) in the container since, with the content that was learned: its
 * new identity is told to the sensor before the exec goes on. */
static bool readmit(struct monitor *m, int fd)
{
	int fds[GRAM_PROGRAMS];
	u32 index[GRAM_PROGRAMS], count = 0;
	char path[4096], sha256[65];
	struct err e;

	if (!path_of(fd, path) || !layer_has(m->upper, m->root, fd, path, sha256) || !*sha256)
		return false;
	for (u32 i = 1; i < m->profile->nprograms; i++) {
		const struct program *g = &m->profile->programs[i];

		if (strcmp(g->path, path) != 0 || strcmp(g->sha256, sha256) != 0)
			continue;
		fds[count] = fd;
		index[count++] = i;
	}
	if (count == 0 || m->shared->readmitted + count > GRAM_PROGRAMS) /* all containers share the kernel's table */
		return false;
	m->shared->readmitted += count;
	if (monitor_know(m, fds, index, count, &e) < 0) {
		monitor_journal(m, "error", e.text);
		return false;
	}
	allow_fd(m, fd);
	allow_loader(m, fd);
	return true;
}

void monitor_gate_fill(struct monitor *m)
{
	for (u32 i = 1; i < m->profile->nprograms; i++)
		if (!m->profile->programs[i].session || m->row->session_act)
			allow_program(m, &m->profile->programs[i]);
}

static bool is_script(int fd)
{
	char magic[2];

	return pread(fd, magic, 2, 0) == 2 && magic[0] == '#' && magic[1] == '!';
}

/* Only noted here: the exec still waits for our answer, and cannot be frozen before it has it. */
static void refuse(struct monitor *m, int fd, pid_t pid)
{
	struct refusal *r = &m->refused;

	m->row->condemned = 1;
	__atomic_fetch_add(&m->row->stops, 1, __ATOMIC_RELAXED);
	r->pid = pid;
	r->upper = path_of(fd, r->path) && layer_has(m->upper, m->root, fd, r->path, r->sha256);
	if (!r->upper)
		(void)digest_file(fd, LAYER_HASHED, r->sha256);
}

static enum gate_answer judge(void *ctx, int fd, pid_t pid)
{
	struct monitor *m = ctx;
	struct allowed now;
	struct task task;
	struct stat st;

	/* Who is no member (the runtime on its way in, the host) or speaks for the engine (a
	 * session) is not ours to refuse; a script is judged with its interpreter, by the sensor. */
	if (pid != m->plan->pid || m->row->started) {
		if (!sensor_task(m->sensor, pid, &task) || task.generation != m->row->generation)
			return GATE_ONCE;
		if (task.thread.flags & THREAD_JOINING || (task.thread.flags & THREAD_SESSION && !m->row->session_act))
			return GATE_ONCE;
		if (m->row->open[task.thread.program % GRAM_PROGRAMS])
			return GATE_ONCE;
	}
	if (m->row->condemned)
		return GATE_DENY;
	if (is_script(fd))
		return GATE_ONCE;
	if (fstat(fd, &st) == 0) {
		identity(&st, &now);
		for (size_t i = 0; i < m->nallowed; i++)
			if (same(&m->allowed[i], &now))
				return GATE_ALWAYS;
	}
	if (!(m->row->act & VERDICT_EXEC) || m->row->mode != SENSE_JUDGE)
		return GATE_ONCE;
	if (readmit(m, fd))
		return GATE_ALWAYS;
	refuse(m, fd, pid);
	return GATE_DENY;
}

void monitor_gate_drain(struct monitor *m)
{
	struct refusal told;

	if (m->gate >= 0)
		gate_exec_drain(m->gate, judge, m);
	if (m->refused.pid == 0)
		return;
	told = m->refused;
	m->refused.pid = 0; /* stopping drains the gate again */
	monitor_refused(m, &told);
}
