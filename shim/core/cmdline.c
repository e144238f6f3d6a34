/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmdline.h"

#include <stddef.h>
#include <string.h>

/* Flags that take a value, of runc 1.0-1.3 and crun 1.x together.  Letters differ by verb: -f is
 * --force to delete, --format to list, --config to crun's create. */
static const struct verb {
	const char *name, *valued;
} verbs[] = {
	{ "checkpoint", "image-path work-path parent-path page-server status-fd empty-ns "
			"manage-cgroups-mode" },
	{ "create", "b bundle f config console-socket pidfd-socket pid-file preserve-fds" },
	{ "delete", "" },
	{ "events", "interval" },
	{ "exec", "c cap cgroup console-socket pidfd-socket cwd e env g additional-gids p process "
		  "pid-file process-label apparmor preserve-fds u user" },
	{ "features", "" },
	{ "help", "" },
	{ "kill", "" },
	{ "list", "f format" },
	{ "pause", "" },
	{ "ps", "f format" },
	{ "restore", "b bundle console-socket image-path work-path manage-cgroups-mode empty-ns "
		     "pid-file lsm-profile lsm-mount-context preserve-fds" },
	{ "resume", "" },
	{ "run", "b bundle f config console-socket pidfd-socket pid-file preserve-fds" },
	{ "spec", "b bundle f config" },
	{ "start", "" },
	{ "state", "" },
	{ "update", "r resources blkio-weight cpu-period cpu-quota cpu-burst cpu-share cpu-shares "
		    "cpu-rt-period cpu-rt-runtime cpuset-cpus cpuset-mems kernel-memory "
		    "kernel-memory-tcp memory memory-reservation memory-swap pids-limit "
		    "l3-cache-schema mem-bw-schema cpu-idle" },
};

static const char global_valued[] = "root log log-format log-level criu rootless cgroup-manager";
static const char global_plain[] = "debug systemd-cgroup help h version v";

struct reader {
	int             argc, at, kept;
	char          **argv;
	const char     *valued;   /* flags with a value, where we are */
	bool            plain;    /* behind "--": no flags any more */
	bool            doubtful; /* the ID so far stood behind a flag that we do not know */
	bool            failed;
	struct cmdline *c;
	struct err     *e;
};

/* One flag, taken apart. */
struct flag {
	const char *name;
	size_t      len;
	const char *value; /* NULL: none in this word */
};

static bool is(const struct flag *f, const char *name)
{
	return strlen(name) == f->len && memcmp(f->name, name, f->len) == 0;
}

static bool among(const char *words, const char *name, size_t len)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == len && memcmp(words, name, n) == 0)
			return true;
		words += n + (words[n] == ' ');
	}
	return false;
}

static const struct verb *verb_of(const char *word)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, word) == 0)
			return &verbs[i];
	return NULL;
}

static bool verb_is(const struct reader *r, const char *words)
{
	return r->c->verb && among(words, r->c->verb, strlen(r->c->verb));
}

static void keep(struct reader *r, int words)
{
	while (words-- > 0)
		r->argv[r->kept++] = r->argv[r->at++];
}

static void complain(struct reader *r, const char *words, const char *name, size_t len)
{
	if (!r->failed)
		fail(r->e, EINVAL, "--%.*s %s", len > 60 ? 60 : (int)len, name, words);
	r->failed = true;
}

/* Is the word behind this one surely no value of an unknown flag? */
static bool next_is_ours(const struct reader *r)
{
	const char *next = r->argv[r->at + 1];

	return !next || next[0] == '-' || verb_of(next);
}

/* --thymus-*: not kept. */
static void take_ours(struct reader *r, const struct flag *f)
{
	const char **to = is(f, "thymus-policy") ? &r->c->policy :
			  is(f, "thymus-runtime") ? &r->c->delegate :
			  is(f, "thymus-mode") ? &r->c->mode : NULL;
	const char *value = f->value ? f->value : r->argv[r->at + 1];

	if (!to) {
		complain(r, "is unknown; there is: --thymus-policy --thymus-runtime --thymus-mode",
			 f->name, f->len);
		r->at += f->value || next_is_ours(r) ? 1 : 2;
		return;
	}
	if (!value || !*value)
		complain(r, "needs a value", f->name, f->len);
	else
		*to = value;
	r->at += f->value || !value ? 1 : 2;
}

static void note(struct reader *r, const struct flag *f, const char *value)
{
	struct cmdline *c = r->c;

	if (!c->verb && is(f, "root"))
		c->root = value;
	else if (!c->verb && is(f, "log"))
		c->log = value;
	else if (!c->verb && is(f, "log-format"))
		c->log_json = strcmp(value, "json") == 0;
	else if (verb_is(r, "create run restore") && (is(f, "bundle") || is(f, "b")))
		c->bundle = value;
	else if (verb_is(r, "create run") && (is(f, "config") || is(f, "f")))
		c->config = value;
	else if (verb_is(r, "exec") && (is(f, "process") || is(f, "p")))
		c->process = value;
	else if (verb_is(r, "update") && (is(f, "resources") || is(f, "r")))
		c->resources = value;
}

static void note_plain(struct reader *r, const struct flag *f)
{
	if (is(f, "help") || is(f, "h"))
		r->c->help = true;
	if (!r->c->verb && (is(f, "version") || is(f, "v")))
		r->c->version = true;
}

/* runc reads its command line with Go's flag package, to which "-root X", "--root X" and
 * "--root=X" are one; crun with argp, which takes "-bDIR" too. */
static struct flag take_apart(const struct reader *r, const char *word)
{
	int dashes = word[1] == '-' ? 2 : 1;
	struct flag f = { .name = word + dashes, .len = strcspn(word + dashes, "=") };

	if (f.name[f.len] == '=')
		f.value = f.name + f.len + 1;
	else if (dashes == 1 && f.len > 1 && !among(r->valued, f.name, f.len) &&
		 among(r->valued, f.name, 1))
		f = (struct flag){ .name = f.name, .len = 1, .value = f.name + 1 };
	return f;
}

static void read_flag(struct reader *r)
{
	const char *word = r->argv[r->at];
	struct flag f = take_apart(r, word);

	if (strncmp(word, "--thymus-", 9) == 0) {
		take_ours(r, &f);
	} else if (among(r->valued, f.name, f.len)) {
		const char *value = f.value ? f.value : r->argv[r->at + 1];

		if (value)
			note(r, &f, value);
		keep(r, f.value || !value ? 1 : 2);
	} else {
		note_plain(r, &f);
		/* A runtime newer than our table may have a flag with a value here. */
		bool skip = !r->c->verb && !f.value && !among(global_plain, f.name, f.len) &&
			    !next_is_ours(r);
		r->doubtful |= r->c->verb && !r->c->id && !f.value;
		keep(r, skip ? 2 : 1);
	}
}

static void read_word(struct reader *r)
{
	struct cmdline *c = r->c;
	char *word = r->argv[r->at];

	if (!c->verb) {
		const struct verb *v = verb_of(word);

		c->verb = word;
		c->verb_at = r->kept;
		r->valued = v ? v->valued : "";
		r->plain = false;
	} else if (!c->id || (r->doubtful && verb_is(r, "create run restore"))) {
		/* These take one word; what stands behind an unknown flag may be its value. */
		r->doubtful = r->doubtful && !c->id;
		c->id = word;
	}
	keep(r, 1);
}

static void read_all(struct reader *r)
{
	if (r->argc > 0)
		keep(r, 1);
	while (r->at < r->argc) {
		const char *word = r->argv[r->at];

		/* Behind exec's ID is the command to run, flags and all. */
		if (r->c->id && verb_is(r, "exec")) {
			keep(r, r->argc - r->at);
		} else if (!r->plain && strcmp(word, "--") == 0) {
			r->plain = true;
			keep(r, 1);
		} else if (!r->plain && word[0] == '-' && word[1]) {
			read_flag(r);
		} else {
			read_word(r);
		}
	}
	r->argv[r->kept] = NULL;
}

int cmdline_parse(int *argc, char **argv, struct cmdline *ret, struct err *e)
{
	bool failed = false;
	int before;

	*ret = (struct cmdline){ 0 };
	/* Again until nothing is left to take: what we say of a command line is then what the
	 * runtime finds in it. */
	do {
		struct reader r = { .argc = *argc, .argv = argv, .valued = global_valued,
				    .failed = failed, .c = ret, .e = e };

		*ret = (struct cmdline){ .policy = ret->policy, .delegate = ret->delegate,
					 .mode = ret->mode };
		before = *argc;
		read_all(&r);
		*argc = r.kept;
		failed = r.failed;
	} while (*argc != before);
	return failed ? -EINVAL : 0;
}

bool cmdline_valid_id(const char *id)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+,.-";
	size_t len = strspn(id, allowed);

	return len > 0 && len <= 1024 && id[len] == '\0' && strcmp(id, ".") != 0 &&
	       strcmp(id, "..") != 0;
}
