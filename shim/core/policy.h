/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - what the host's administrator decided: /etc/thymus/thymus.json.
 *
 * Comments are allowed; an unknown key, a bad value or a relative folder is an error with a
 * sentence that names it: a slip of the pen must not weaken a host.
 */
#ifndef THYMUS_POLICY_H
#define THYMUS_POLICY_H

#include "judge.h"
#include "json.h"

#define POLICY_FILE "/etc/thymus/thymus.json"

enum mode { MODE_OFF, MODE_LEARN, MODE_MONITOR, MODE_ENFORCE, MODE_AUTO };
enum upgrade { UPGRADE_USUAL, UPGRADE_REFUSE, UPGRADE_LEARN }; /* usual: refused where mode enforce was asked for, else learned */
enum action { ACTION_RECORD, ACTION_FREEZE, ACTION_KILL };

/* What may lie on the disk, and how much of it one container may fill. */
struct limits {
	unsigned log_kib, log_files; /* of events.jsonl, and how many older ones beside it */
	unsigned repeat_seconds;     /* equal deviations: one line, then their number this often */
	unsigned incidents, incidents_mib;
	unsigned profiles;           /* no more are begun, and none is removed for room */
	unsigned trace_mib;          /* of all traces */
	unsigned free_kib;           /* what new profiles and traces leave free, and an enforced container needs to start */
};

struct policy {
	struct json *doc;        /* owns the strings; NULL: defaults */
	const char *file;        /* where it was read from, NULL: built-in defaults */
	const char *delegate;    /* absolute path of the runtime, NULL: runc, else crun */
	const char *profiles;    /* folders, absolute */
	const char *incidents;
	const char *run;
	const char *log;         /* events.jsonl lies in it */
	const char *bpf;         /* folder in a bpffs */
	const char *traces;      /* record a trace of every container into this folder; NULL: do not */
	enum mode   mode;        /* default mode */
	enum mode   ready_mode;  /* what auto does with a ready profile: monitor or enforce */
	const char *budget_text; /* "1/week" */
	double      budget;      /* false alarms per second that the user can live with */
	unsigned    learn_seconds, learn_calls, learn_starts, learn_stops;
	unsigned    prove_seconds;
	enum action action[4];   /* [1..3] per tier, in enforce */
	enum action sessions;    /* ceiling of actions for exec sessions */
	unsigned    allow_seconds; /* how long `incident allow` lets a program teach */
	unsigned    attach_timeout; /* seconds the hook waits for the monitor */
	struct limits limits;
	const struct json *modes;    /* annotation io.thymus.mode: array of admitted values, NULL: none */
	enum upgrade on_upgrade;     /* what becomes of a new image that has no profile yet, where its predecessor has */
	const struct json *rules;    /* array of {"root", "cgroup", "bundle": patterns; "tenant", "name"}, or NULL */
	const struct json *runtime_roots; /* folders of runtimes' state beside the known ones: array of strings, or NULL */
	const struct json *names;    /* annotation io.thymus.profile: array of glob patterns, NULL: none */
	const char **floor_lift;     /* NULL-terminated names of calls, malloc()ed */
};

extern const struct limits policy_limits_default;

void policy_default(struct policy *ret);
must_check int policy_parse(const char *text, size_t len, struct policy *ret, struct err *e);
void policy_done(struct policy *p);

must_check int policy_check_rules(const struct json *rules, struct err *e);

/* The defaults, with those folders that a broken policy names all the same: what ends something must find the containers
 * of a host whose policy was sound when they started. */
void policy_rescue(const char *text, size_t len, struct policy *ret);

/* Is it an absolute path that leaves room for what is put behind it?  NULL: not given. */
must_check int policy_check_path(const char *key, const char *path, struct err *e);

must_check int policy_mode(const char *word, enum mode *ret, struct err *e);
const char *policy_mode_name(enum mode m);
const char *policy_action_name(enum action a);

/* "3/day" -> alarms per second.  Units: second minute hour day week month year. */
must_check int policy_budget(const char *text, double *ret, struct err *e);

/* "limits" of a policy over what `ret` holds. */
must_check int policy_limits(const struct json *object, struct limits *ret, struct err *e);

/* What the first rule says that gives `key` ("tenant" or "name") and whose patterns all match; NULL: none.  `*` stands for
 * slashes too. */
struct policy_subject { const char *root, *cgroup, *bundle; }; /* NULL: not known, matches nothing */
const char *policy_rule(const struct policy *p, const char *key, const struct policy_subject *of);

/* `*` is any run of characters, `?` any one. */
bool policy_matches(const char *pattern, const char *text);

/* Is this value of an annotation admitted?  (`*` and `?` in patterns; no path characters in names.) */
bool policy_admits_mode(const struct policy *p, const char *value);
bool policy_admits_name(const struct policy *p, const char *value);

#endif
