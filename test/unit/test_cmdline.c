/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cmdline.h"
#include "tap.h"

/* A command line in words, what is left of it, and what was read: "key=value ..." in this order:
 * verb root log json bundle config id process resources policy delegate mode help version. */
static const struct row { const char *words, *left, *read; } rows[] = {
	/* as engines send them */
	{ "--root /r/moby --log /b/log.json --log-format json create --bundle /b --pid-file /b/init.pid "
	  "--console-socket /tmp/pty.sock abc", NULL,
	  "verb=create root=/r/moby log=/b/log.json json bundle=/b id=abc" },
	{ "--debug --root=/r --systemd-cgroup create -b /b abc", NULL,
	  "verb=create root=/r bundle=/b id=abc" },
	{ "create abc --bundle=/b", NULL, "verb=create bundle=/b id=abc" },
	{ "update --resources - abc", NULL, "verb=update id=abc resources=-" },
	{ "update --resources=/f abc", NULL, "verb=update id=abc resources=/f" },
	{ "exec --process /p --detach --pid-file /b/x.pid abc", NULL,
		"verb=exec id=abc process=/p" },
	{ "exec -t -e A=b abc sh --bundle /x -h", NULL, "verb=exec id=abc" },
	{ "kill --all abc 9", NULL, "verb=kill id=abc" },
	{ "kill abc SIGKILL", NULL, "verb=kill id=abc" },
	{ "delete --force abc", NULL, "verb=delete id=abc" },
	{ "delete -f abc", NULL, "verb=delete id=abc" },
	{ "ps --format json abc", NULL, "verb=ps id=abc" },
	/* a value is not the verb */
	{ "--log create create abc", NULL, "verb=create log=create id=abc" },
	{ "--root create state abc", NULL, "verb=state root=create id=abc" },
	{ "run --bundle create abc", NULL, "verb=run bundle=create id=abc" },
	{ "--criu /usr/sbin/criu run abc", NULL, "verb=run id=abc" },
	/* Go's flags have one dash or two, argp's letters their value behind them */
	{ "-root /r create -bundle /b abc", NULL, "verb=create root=/r bundle=/b id=abc" },
	{ "-root=/r create -b=/b abc", NULL, "verb=create root=/r bundle=/b id=abc" },
	{ "create -b/b abc", NULL, "verb=create bundle=/b id=abc" },
	{ "create -f my.json abc", NULL, "verb=create config=my.json id=abc" },
	/* the last one counts */
	{ "--root /a --root /b create --bundle /1 --bundle /2 abc", NULL,
	  "verb=create root=/b bundle=/2 id=abc" },
	{ "--log-format json --log-format text state abc", NULL, "verb=state id=abc" },
	/* "--" ends flags */
	{ "create -- --bundle", NULL, "verb=create id=--bundle" },
	{ "-- create --bundle /b abc", NULL, "verb=create bundle=/b id=abc" },
	/* unknown flags pass on */
	{ "--new create abc", NULL, "verb=create id=abc" },
	{ "--new value create abc", NULL, "verb=create id=abc" },
	{ "--new=value create abc", NULL, "verb=create id=abc" },
	{ "create --new value abc", NULL, "verb=create id=abc" },
	{ "create --no-pivot abc", NULL, "verb=create id=abc" },
	{ "new-verb x y", NULL, "verb=new-verb id=x" },
	/* the ends */
	{ "", NULL, "" },
	{ "--version", NULL, "version" },
	{ "-v", NULL, "version" },
	{ "--help", NULL, "help" },
	{ "create --help", NULL, "verb=create help" },
	{ "create", NULL, "verb=create" },
	{ "create --bundle", NULL, "verb=create" },
	{ "--root", NULL, "" },
	{ "- x", NULL, "verb=- id=x" },
	/* ours are taken out */
	{ "--thymus-policy /p --root /r create abc", "--root /r create abc",
	  "verb=create root=/r id=abc policy=/p" },
	{ "--thymus-runtime=/usr/bin/crun --thymus-mode=enforce run abc", "run abc",
	  "verb=run id=abc delegate=/usr/bin/crun mode=enforce" },
	{ "create --thymus-mode off abc", "create abc", "verb=create id=abc mode=off" },
	{ "status --thymus-policy /p --json", "status --json", "verb=status policy=/p" },
	{ "exec abc sh --thymus-mode off", NULL, "verb=exec id=abc" },
	{ "create --pid-file --thymus-mode abc", NULL, "verb=create id=abc" },
	{ "kill -- --thymus-mode 9", NULL, "verb=kill id=--thymus-mode" },
};

static const struct row bad[] = {
	{ "--thymus-moed off kill abc 9", "kill abc 9", "--thymus-moed is unknown" },
	{ "--thymus-moed kill abc 9", "kill abc 9", "--thymus-moed is unknown" },
	{ "--thymus-moed=x kill abc 9", "kill abc 9", "--thymus-moed is unknown" },
	{ "kill abc --thymus-policy", "kill abc", "--thymus-policy needs a value" },
	{ "--thymus-policy= kill abc", "kill abc", "--thymus-policy needs a value" },
};

struct words {
	char text[512];
	char *argv[32];
	int argc;
};

static void split(const char *line, struct words *w)
{
	char *rest = w->text, *word;

	snprintf(w->text, sizeof(w->text), "runc %s", line);
	w->argc = 0;
	while ((word = strsep(&rest, " ")))
		if (*word)
			w->argv[w->argc++] = word;
	w->argv[w->argc] = NULL;
}

static void join(const struct words *w, char ret[512])
{
	*ret = '\0';
	for (int i = 1; i < w->argc; i++) {
		strcat(ret, i > 1 ? " " : "");
		strcat(ret, w->argv[i]);
	}
}

static void describe(const struct cmdline *c, char ret[512])
{
	const struct { const char *key, *value; bool plain; } parts[] = {
		{ "verb=", c->verb, false },           { "root=", c->root, false },
		{ "log=", c->log, false },             { "json", "", c->log_json },
		{ "bundle=", c->bundle, false },       { "config=", c->config, false },
		{ "id=", c->id, false },               { "process=", c->process, false },
		{ "resources=", c->resources, false }, { "policy=", c->policy, false },
		{ "delegate=", c->delegate, false },   { "mode=", c->mode, false },
		{ "help", "", c->help },               { "version", "", c->version },
	};

	*ret = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bool flag = strchr(parts[i].key, '=') == NULL;

		if (flag ? !parts[i].plain : !parts[i].value)
			continue;
		strcat(ret, *ret ? " " : "");
		strcat(ret, parts[i].key);
		strcat(ret, parts[i].value);
	}
}

static void check(const struct row *row, int expected)
{
	char left[512], read[512];
	struct err e = { "" };
	struct cmdline c;
	struct words w;
	int rc;

	split(row->words, &w);
	rc = cmdline_parse(&w.argc, w.argv, &c, &e);
	join(&w, left);
	describe(&c, read);
	ok(rc == expected && !w.argv[w.argc] && strcmp(left, row->left
	   ? row->left : row->words) == 0,
	   "\"%s\" leaves \"%s\"", row->words, left);
	if (expected < 0)
		ok(strstr(e.text, row->read), "%s", e.text);
	else
		ok(strcmp(read, row->read) == 0, "and says \"%s\"", read);
	ok(!c.verb || w.argv[c.verb_at] == c.verb, "the verb is where it says");
}

int main(void)
{
	char longest[1026];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(&rows[i], 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check(&bad[i], -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[1025] = '\0';
	ok(!cmdline_valid_id(longest) && cmdline_valid_id(longest + 1),
	   "an ID has at most 1024 bytes");
	ok(cmdline_valid_id("a_B-9+.x") && cmdline_valid_id("..."),
	   "letters, digits and a few signs");
	ok(!cmdline_valid_id("") && !cmdline_valid_id(".") && !cmdline_valid_id("..") &&
	   !cmdline_valid_id("a/b") && !cmdline_valid_id("a b"), "no path, no blank");
	return tap_end();
}
