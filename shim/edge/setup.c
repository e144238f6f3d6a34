/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "setup.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine_check.h"
#include "file.h"
#include "folder.h"
#include "override.h"
#include "toml.h"
#include "trial.h"

#define CONFIG_BYTES (4u << 20)

struct change {
	char path[PATH_MAX];
	char *before; /* NULL: there is no file */
	size_t len;
	struct buf after;
	bool differs, written, hook;
	mode_t mode;
	gid_t group;
};

struct changes {
	struct change all[ENGINE_PARTS + 1];
	size_t count;
};

static void changes_done(struct changes *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->all[i].before);
		buf_done(&c->all[i].after);
	}
}
#define auto_changes __attribute__((cleanup(changes_done))) struct changes

static const char *text_of(const struct buf *b)
{
	return b->text ? b->text : "";
}

/* ---- what the files say, and shall say ---- */

static int read_old(struct change *c, struct err *e)
{
	int rc = file_read(c->path, CONFIG_BYTES, &c->before, &c->len, e);
	struct stat st;

	c->mode = 0644;
	c->group = getegid();
	if (rc == -ENOENT)
		return 0;
	if (rc == 0 && stat(c->path, &st) == 0) {
		c->mode = st.st_mode & 07777;
		c->group = st.st_gid;
	}
	return rc;
}

/* Before it is known that all can be done, nothing is. */
static int check_place(const struct change *c, struct err *e)
{
	char folder[PATH_MAX], target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (lstat(c->path, &st) < 0)
		return errno == ENOENT ? 0 : fail(e, errno, "look at %s: %m", c->path);
	if (S_ISLNK(st.st_mode)) {
		n = readlink(c->path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		return fail(e, ELOOP, "%s is a symbolic link to %s, which somebody else may look after: name the file itself with --file",
			    c->path, target);
	}
	if (geteuid() == 0 && st.st_uid != 0)
		return fail(e, EPERM, "%s belongs to uid %u, who could change what root does: chown root it first", c->path, st.st_uid);
	snprintf(folder, sizeof(folder), "%s", c->path);
	if (access(c->path, W_OK) < 0 || access(dirname(folder), W_OK) < 0)
		return fail(e, errno, "%s cannot be written: %m", c->path);
	return 0;
}

static int add(struct changes *all, const char *path, engine_edit *edit, const struct engine_wish *wish, struct err *e)
{
	struct change *c = &all->all[all->count++];
	char first[PATH_MAX + 16];
	auto_free char *text = NULL;
	struct engine_wish w = *wish;
	struct err ignored;
	size_t len;
	int rc;

	snprintf(c->path, sizeof(c->path), "%s", path);
	rc = read_old(c, e);
	if (rc < 0)
		return rc;
	snprintf(first, sizeof(first), "%s.before-thymus", path);
	if (file_read(first, CONFIG_BYTES, &text, &len, &ignored) == 0)
		w.first = text;
	rc = edit(c->before, c->len, &w, &c->after, e);
	if (rc < 0)
		return fail_in(e, rc, path);
	c->differs = strcmp(c->before ? c->before : "", text_of(&c->after)) != 0;
	return c->differs ? check_place(c, e) : 0;
}

/* The folder of drop-ins that the engine's file imports, below that file's own where it is relative. */
static bool find_drop_in(const struct setup_wish *w, const struct change *main, char ret[PATH_MAX], bool *systemd)
{
	auto_buf pattern = { 0 };
	char folder[PATH_MAX];

	if (!w->engine->drop_in || !main->before || !engine_containerd_imports(main->before, main->len, &pattern, systemd))
		return false;
	snprintf(folder, sizeof(folder), "%s", main->path);
	snprintf(ret, PATH_MAX, "%.2000s%s%.*s/" ENGINE_SETUP_DROP_IN, pattern.text[0] == '/' ? "" : dirname(folder),
		 pattern.text[0] == '/' ? "" : "/", (int)(strrchr(pattern.text, '/') - pattern.text), pattern.text);
	return true;
}

static bool is_hook_file(const struct engine_part *part)
{
	return part->edit == engine_hook_create || part->edit == engine_hook_end;
}

/* podman and CRI-O read the same hooks. */
static bool needed_by_another(const struct setup_wish *w, const struct engine_part *part)
{
	static const char *const engines[] = { "crio", "podman" };
	char path[PATH_MAX];

	for (size_t i = 0; is_hook_file(part) && i < sizeof(engines) / sizeof(engines[0]); i++) {
		const struct engine_setup *other = engine_setup_find(engines[i]);

		if (other == w->engine)
			continue;
		for (const struct engine_part *p = other->parts; p->file; p++) {
			snprintf(path, sizeof(path), "%s%s", w->etc, p->file);
			if (p->hooks && !is_hook_file(p) && access(path, F_OK) == 0)
				return true;
		}
	}
	return false;
}

static bool is_wanted(const struct setup_wish *w, const struct engine_part *part)
{
	if (w->file)
		return part == w->engine->parts;
	if (w->wish.remove)
		return (!w->wish.hooks || part->hooks) && !needed_by_another(w, part);
	return part->hooks == w->wish.hooks;
}

static int plan(const struct setup_wish *w, const struct engine_wish *wish, struct changes *ret, struct err *e)
{
	char path[PATH_MAX], drop_in[PATH_MAX];
	int rc = 0;

	for (const struct engine_part *part = w->engine->parts; rc == 0 && part->file; part++) {
		struct engine_wish now = *wish;

		if (!is_wanted(w, part))
			continue;
		snprintf(path, sizeof(path), "%s%s", w->file ? w->file : w->etc, w->file ? "" : part->file);
		struct change probe = { .before = NULL };
		snprintf(probe.path, sizeof(probe.path), "%s", path);
		rc = w->engine->drop_in ? read_old(&probe, e) : 0;
		now.imported = rc == 0 && find_drop_in(w, &probe, drop_in, &now.systemd);
		free(probe.before);
		if (rc == 0)
			rc = add(ret, path, part->edit, &now, e);
		ret->all[ret->count ? ret->count - 1 : 0].hook = is_hook_file(part);
		if (rc == 0 && now.imported)
			rc = add(ret, drop_in, w->engine->drop_in, &now, e);
	}
	return rc;
}

/* ---- writing, and taking it back ---- */

/* Folders for a file that others read. */
static int make_folders(const char *file, struct err *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", file);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return fail(e, errno, "make the folder %s: %m", path);
		*slash = '/';
	}
	return 0;
}

/* What was there before us; a file that knows thymus already is not that.  A drop-in has no such time. */
static int keep_first(const struct change *c, struct err *e)
{
	char backup[PATH_MAX + 16], name[PATH_MAX];

	snprintf(name, sizeof(name), "%s", c->path);
	snprintf(backup, sizeof(backup), "%s.before-thymus", c->path);
	if (strncmp(c->before, ENGINE_SETUP_OWN, strlen(ENGINE_SETUP_OWN)) == 0 || strncmp(basename(name), "60-thymus", 9) == 0)
		return 0;
	if (access(backup, F_OK) == 0 && strstr(c->before, "thymus"))
		return 0;
	return file_replace(AT_FDCWD, backup, c->before, c->len, c->mode, backup, e);
}

static int put(const struct change *c, const char *text, size_t len, struct err *e)
{
	int rc;

	if (!text || !len)
		return unlink(c->path) < 0 && errno != ENOENT ? fail(e, errno, "remove %s: %m", c->path) : 0;
	rc = file_replace(AT_FDCWD, c->path, text, len, c->mode, c->path, e);
	if (rc == 0 && c->group != getegid() && lchown(c->path, (uid_t)-1, c->group) < 0)
		rc = fail(e, errno, "give %s to its group: %m", c->path);
	return rc;
}

static int write_all(struct changes *all, bool remove, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < all->count; i++) {
		struct change *c = &all->all[i];

		if (!c->differs)
			continue;
		rc = c->after.len ? make_folders(c->path, e) : 0;
		if (rc == 0 && c->before && !remove)
			rc = keep_first(c, e);
		c->written = rc == 0;
		if (rc == 0)
			rc = put(c, c->after.text, c->after.len, e);
	}
	return rc;
}

static int take_back(const struct changes *all, int rc, struct err *e)
{
	struct err second, first = { "" };

	for (size_t i = 0; i < all->count; i++)
		if (all->all[i].written && put(&all->all[i], all->all[i].before, all->all[i].len, &second) < 0 && !first.text[0])
			first = second;
	return fail_in(e, rc, first.text[0] ? first.text : "nothing was changed");
}

/* ---- verifying ---- */

/* The engine reads a copy beside the file, as what the file imports may be named from there. */
static int ask_first(const struct setup_wish *w, const struct changes *all, struct buf *words, struct err *e)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct change *c = &all->all[i];
		char copy[PATH_MAX + 16];
		int rc;

		/* a folder of drop-ins is no place for a copy that nobody is asked about: CRI-O reads all that lies there */
		if (!c->differs || !c->after.len || c->hook || !engine_answers(w->engine->name))
			continue;
		snprintf(copy, sizeof(copy), "%s.thymus-trial", c->path);
		rc = make_folders(c->path, e);
		if (rc == 0)
			rc = file_replace(AT_FDCWD, copy, c->after.text, c->after.len, 0600, copy, e);
		if (rc == 0)
			rc = engine_check(w->engine->name, copy, NULL, words, e);
		unlink(copy);
		if (rc < 0)
			return fail_in(e, rc, c->path);
	}
	return 0;
}

/* With all files in their places. */
static int ask_again(const struct setup_wish *w, const struct changes *all, struct err *e)
{
	auto_buf ignored = { 0 };
	int rc = w->engine->drop_in ? engine_check(w->engine->name, all->all[0].path, "runtimes.thymus", &ignored, e) : 0;

	return rc < 0 ? fail_in(e, rc, all->all[0].path) : 0;
}

static int try_container(const struct setup_wish *w, struct buf *words, struct err *e)
{
	char unwatched[256];
	enum mode said;
	int rc;

	if (override_get(w->policy, NULL, "", &said) && said == MODE_ENFORCE) {
		buf_puts(words, "note: no container was tried: \"thymus mode enforce --all\" is in force, and one without a profile does not start\n");
		return 0;
	}
	rc = trial_run(w->policy, w->wish.program, unwatched, e);
	if (rc < 0)
		return rc;
	buf_puts(words, "a trial container ran by thymus\n");
	if (unwatched[0])
		buf_printf(words, "note: it was not watched: %s; see thymus doctor\n", unwatched);
	return 0;
}

static int carry_out(const struct setup_wish *w, struct changes *all, struct buf *words, struct err *e)
{
	bool verify = !w->trust && geteuid() == 0;
	int rc = verify ? ask_first(w, all, words, e) : 0;

	if (rc < 0)
		return fail_in(e, rc, "nothing was changed");
	rc = write_all(all, w->wish.remove, e);
	if (rc == 0 && verify && !w->wish.remove)
		rc = ask_again(w, all, e);
	if (rc == 0 && verify && !w->wish.remove)
		rc = try_container(w, words, e);
	if (rc < 0)
		return take_back(all, rc, e);
	if (!verify)
		buf_printf(words, "note: not verified%s\n", w->trust ? "" : ": that needs root");
	return 0;
}

/* ---- telling ---- */

static void show(const struct setup_wish *w, const struct change *c, size_t count, struct buf *words)
{
	if (w->print) {
		if (count > 1)
			buf_printf(words, "==> %s <==\n", c->path);
		buf_puts(words, text_of(&c->after));
	} else if (!c->differs) {
		buf_printf(words, "%s: nothing to change\n", c->path);
	} else {
		buf_printf(words, "%s%s:\n", c->path, w->dry ? " would change" : "");
		engine_setup_diff(c->before ? c->before : "", text_of(&c->after), words);
	}
}

/* podman reads no other files among its drop-ins, CRI-O all. */
static bool is_conf(const char *name)
{
	return name_ends(name, ".conf");
}

/* What others have the engine say, in its files in the order in which it reads them; ours do not count. */
static int gather(const struct setup_wish *w, const char *const *files, const char *folder, const char *path, struct buf *ret, struct err *e)
{
	auto_names names = { 0 };
	int rc = 0;

	for (; rc == 0 && *files; files++)
		rc = names_add(&names, **files == '+' ? w->etc : "", *files + 1, e);
	if (rc == 0) {
		auto_names drop_ins = { 0 };
		char full[PATH_MAX];

		snprintf(full, sizeof(full), "%s/%s", w->etc, folder);
		rc = folder_names(full, strcmp(w->engine->name, "podman") == 0 ? is_conf : NULL, &drop_ins, e);
		names_sort(&drop_ins);
		for (size_t i = 0; rc == 0 && i < drop_ins.count; i++)
			if (!strstr(drop_ins.name[i], "/60-thymus"))
				rc = names_add(&names, full, strrchr(drop_ins.name[i], '/') + 1, e);
	}
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		auto_free char *text = NULL;
		struct err ignored;
		size_t len;

		if (file_read(names.name[i], CONFIG_BYTES, &text, &len, &ignored) == 0)
			engine_setup_array(text, len, path, ret);
	}
	return rc;
}

/* '+': below etc. */
static const char *const podman_files[] = { "-usr/share/containers/containers.conf", "+containers/containers.conf", NULL };
static const char *const crio_files[] = { "+crio/crio.conf", NULL };

static int hear_others(const struct setup_wish *w, struct buf *folders, struct buf *annotations, struct err *e)
{
	bool crio = strcmp(w->engine->name, "crio") == 0;
	int rc;

	if (!crio && strcmp(w->engine->name, "podman") != 0)
		return 0;
	if (!crio)
		return gather(w, podman_files, "containers/containers.conf.d", "engine" TOML_DOT "hooks_dir", folders, e);
	rc = gather(w, crio_files, "crio/crio.conf.d", "crio" TOML_DOT "runtime" TOML_DOT "hooks_dir", folders, e);
	/* as the handler has it in whose place thymus stands */
	for (int i = 0; rc == 0 && i < 2; i++)
		rc = gather(w, crio_files, "crio/crio.conf.d", i ? "crio" TOML_DOT "runtime" TOML_DOT "runtimes" TOML_DOT "runc" TOML_DOT
			    "allowed_annotations" : "crio" TOML_DOT "runtime" TOML_DOT "runtimes" TOML_DOT "crun" TOML_DOT
			    "allowed_annotations", annotations, e);
	return rc;
}

int setup_engine(const struct setup_wish *w, struct buf *words, struct err *e)
{
	auto_buf folders = { 0 }, annotations = { 0 };
	struct engine_wish wish = w->wish;
	char hooks_d[PATH_MAX];
	auto_changes all = { .count = 0 };
	bool differs = false;
	int rc = hear_others(w, &folders, &annotations, e);

	snprintf(hooks_d, sizeof(hooks_d), "%s/containers/oci/hooks.d", w->etc);
	wish.hooks_d = hooks_d;
	wish.folders = folders.text;
	wish.annotations = annotations.text;
	if (rc == 0)
		rc = plan(w, &wish, &all, e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all.count; i++) {
		show(w, &all.all[i], all.count, words);
		differs |= all.all[i].differs;
	}
	if (w->dry || w->print || !differs)
		return (w->dry || w->print) && differs;
	rc = carry_out(w, &all, words, e);
	if (rc < 0)
		return rc;
	buf_printf(words, "now:  %s\n", w->wish.hooks ? w->engine->restart_hooks : w->engine->restart);
	if (!w->wish.remove)
		buf_printf(words, "then: %s; thymus status\n", w->wish.hooks ? w->engine->use_hooks : w->engine->use);
	return 0;
}
