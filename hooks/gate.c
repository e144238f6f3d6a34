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
	char  sha256[65]; /* of what the container can change, else "" */
};

static void identity(const struct stat *st, struct allowed *ret)
{
	*ret = (struct allowed){ st->st_dev, st->st_ino, st->st_size, st->st_ctim, "" };
}

static bool same(const struct allowed *a, const struct allowed *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->ctime.tv_sec == b->ctime.tv_sec &&
	       a->ctime.tv_nsec == b->ctime.tv_nsec;
}

static const struct allowed *find(const struct monitor *m, int fd)
{
	struct allowed now;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return NULL;
	identity(&st, &now);
	for (size_t i = 0; i < m->nallowed; i++)
		if (same(&m->allowed[i], &now))
			return &m->allowed[i];
	return NULL;
}

static void allow_fd(struct monitor *m, int fd, const char *sha256)
{
	struct allowed one, *more;
	struct stat st;

	if (find(m, fd) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	identity(&st, &one);
	snprintf(one.sha256, sizeof(one.sha256), "%s", sha256);
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

/* A file's own path in the container: our descriptors of its files show no more, once its root is its root. */
static bool path_of(const struct monitor *m, int fd, char ret[4096])
{
	size_t above = strlen(m->plan->rootfs);
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret, 4095);
	ret[n < 0 ? 0 : n] = '\0';
	if (!m->row->started && strncmp(ret, m->plan->rootfs, above) == 0 && ret[above] == '/')
		memmove(ret, ret + above, strlen(ret + above) + 1);
	return n > 0;
}

bool monitor_by_content(const struct monitor *m)
{
	return strncmp(m->plan->who.image, "fp-", 3) == 0;
}

bool monitor_unchanged(const struct monitor *m, const struct program *g, int fd, char sha256[65])
{
	char content[65];
	enum layer_kind kind = layer_of(&m->layer, fd, g->path, sha256);

	if (kind == LAYER_OPEN && !*g->sha256) /* too large to compare, or the image's where that could be told */
		return true;
	if (kind != LAYER_IMAGE)
		return *sha256 && strcmp(sha256, g->sha256) == 0;
	if (!monitor_by_content(m) || !*g->sha256 || find(m, fd))
		return true;
	return digest_file(fd, LAYER_HASHED, content) && strcmp(content, g->sha256) == 0;
}

/* What `fd`'s program cannot run without: its loader, if that is the image's, or nothing tells whose it is. */
static void allow_loader(struct monitor *m, int program)
{
	char loader[256], path[4096], sha256[65];

	if (!loader_of(program, loader))
		return;
	auto_of(fd) int fd = rootfs_open(m->root, loader);
	if (fd >= 0 && path_of(m, fd, path) && layer_of(&m->layer, fd, path, sha256) != LAYER_OWN)
		allow_fd(m, fd, sha256);
}

static void allow_program(struct monitor *m, const struct program *g)
{
	auto_of(fd) int fd = rootfs_open_exact(m->root, g->path);
	char sha256[65];

	if (fd < 0 || !monitor_unchanged(m, g, fd, sha256))
		return;
	allow_fd(m, fd, sha256);
	allow_loader(m, fd);
}

/* A learned program that was written or touched (chown) in the container since, with the content that was learned: its
 * new identity is told to the sensor before the exec goes on. */
static bool readmit(struct monitor *m, int fd, const char *path, const char *sha256)
{
	bool found = false;
	struct err e;

	for (u32 i = 1; i < m->profile->nprograms; i++) {
		const struct program *g = &m->profile->programs[i];

		if (strcmp(g->path, path) != 0 || strcmp(g->sha256, sha256) != 0)
			continue;
		if (monitor_replace(m, fd, i, &e) < 0) {
			monitor_journal(m, "error", e.text);
			return false;
		}
		found = true;
	}
	if (found)
		allow_loader(m, fd);
	return found;
}

/* What the container can change is its content, each time: a shared mapping changes it without a trace. */
static bool is_learned(struct monitor *m, int fd)
{
	const struct allowed *known = find(m, fd);
	char path[4096], sha256[65];

	if (!path_of(m, fd, path) || layer_of(&m->layer, fd, path, sha256) == LAYER_IMAGE)
		return known;
	if (known && strcmp(known->sha256, sha256) == 0) /* both "": too large to read while an exec waits */
		return true;
	return *sha256 && readmit(m, fd, path, sha256);
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
	r->upper = path_of(m, fd, r->path) && layer_of(&m->layer, fd, r->path, r->sha256) == LAYER_OWN;
	if (!*r->sha256)
		(void)digest_file(fd, LAYER_HASHED, r->sha256);
}

static bool judge(void *ctx, int fd, pid_t pid)
{
	struct monitor *m = ctx;
	struct task task;

	/* Who is no member (the runtime on its way in, the host) or speaks for the engine (a
	 * session) is not ours to refuse; a script is judged with its interpreter, by the sensor. */
	if (!m->row->started && pid != m->plan->pid)
		return true; /* a hook of the runtime, inside before the entry */
	if (m->row->started) {
		if (!sensor_task(m->sensor, pid, &task) || task.generation != m->row->generation)
			return true;
		if (task.thread.flags & THREAD_JOINING || (task.thread.flags & THREAD_SESSION && !m->row->session_act))
			return true;
		if (m->row->open[task.thread.program % GRAM_PROGRAMS])
			return true;
	}
	if (m->row->condemned)
		return false;
	if (is_script(fd) || !(m->row->act & VERDICT_EXEC) || m->row->mode != SENSE_JUDGE || is_learned(m, fd))
		return true;
	refuse(m, fd, pid);
	return false;
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
