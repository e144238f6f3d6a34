/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fingerprint.h"

#include <fcntl.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "rootfs.h"

/* An engine waits for create: half a second of hashing is what a start may cost. */
#define HASHED_BYTES (256u << 20)
#define CHUNK        (128u << 10)

static bool is_file(int fd, mode_t bits)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (!bits || st.st_mode & bits);
}

/* Path, size and content: "a" + "bc" must not be "ab" + "c". */
static int add(struct sha256_ctx *ctx, const char *path, int fd, uint8_t *room)
{
	size_t left = HASHED_BYTES;
	char size[32];
	struct stat st;
	ssize_t n = 1;

	if (fstat(fd, &st) < 0)
		return -1;
	snprintf(size, sizeof(size), "%lld", (long long)st.st_size);
	sha256_update(ctx, strlen(path) + 1, (const uint8_t *)path);
	sha256_update(ctx, strlen(size) + 1, (const uint8_t *)size);
	for (; left > 0 && n > 0; left -= (size_t)(n > 0 ? n : 0)) {
		n = read(fd, room, left < CHUNK ? left : CHUNK);
		if (n < 0)
			return -1;
		sha256_update(ctx, (size_t)n, room);
	}
	return 0;
}

/* The executable as execvp(3) would find it in the container. */
static int open_entry(const struct spec *s, int root)
{
	const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const struct json *env = json_at(s->doc, "process.env");
	char file[4096];

	if (!s->entry || !*s->entry)
		return -1;
	if (strchr(s->entry, '/'))
		return rootfs_open(root, s->entry);
	for (const struct json *v = env ? env->child : NULL; v; v = v->next)
		if (json_string(v) && strncmp(v->text, "PATH=", 5) == 0)
			path = v->text + 5;
	while (*path) {
		size_t len = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", (int)(len < 3000 ? len : 3000), path,
			 s->entry);
		int fd = rootfs_open(root, file);
		if (is_file(fd, 0111))
			return fd;
		file_close(fd);
		path += len + (path[len] == ':');
	}
	return -1;
}

int fingerprint_of(const struct spec *s, const char *root, char ret[65], struct err *e)
{
	static const char *const files[] = {
		"etc/os-release", "var/lib/dpkg/status", "lib/apk/db/installed",
		"var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages",
		"usr/lib/sysimage/rpm/rpmdb.sqlite",
	};
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;
	auto_free uint8_t *room = malloc(CHUNK);
	auto_of(fd) int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (!room)
		return fail(e, ENOMEM, "out of memory");
	if (folder < 0)
		return fail(e, errno, "open the root file system %s: %m", root);
	sha256_init(&ctx);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		auto_of(fd) int fd = rootfs_open(folder, files[i]);

		/* left out by chance, it would make another workload of this */
		if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != EINVAL && errno != ELOOP && errno != EXDEV)
			return fail(e, errno, "open %s/%s: %m", root, files[i]);
		if (is_file(fd, 0) && add(&ctx, files[i], fd, room) < 0)
			return fail(e, errno, "read %s/%s: %m", root, files[i]);
	}
	auto_of(fd) int entry = open_entry(s, folder);
	if (is_file(entry, 0) && add(&ctx, s->entry, entry, room) < 0)
		return fail(e, errno, "read %s of %s: %m", s->entry, root);
	sha256_digest(&ctx, sizeof(digest), digest);
	base16_encode_update(ret, sizeof(digest), digest);
	ret[64] = '\0';
	return 0;
}
