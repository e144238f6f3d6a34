/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - what a running container's monitor tells the rest of thymus: RUN/containers/KEY/state.json.
 *
 * KEY is the first 16 hex digits of SHA-256 over (runtime root, NUL, ID): two engines may share an ID.
 * Written atomically by the monitor (and, for `frozen` and `incident`, by release); read by
 * status, mode, release and the shim.
 */
#ifndef THYMUS_STATE_H
#define THYMUS_STATE_H

#include "policy.h"

struct state {
	struct json *doc;       /* owns the strings after state_load() */
	const char *id, *root, *bundle;
	const char *scope, *name, *image; /* of the profile */
	const char *profile;    /* its file */
	const char *identity;   /* in words: how name and image were found */
	const char *trail;      /* how they were found, identity.h */
	const char *decided;    /* in words: who asked for `asked` */
	const char *predecessor; /* "NAME@IMAGE" of a workload's image before this one, while this had no profile; "" */
	const char *asked;      /* mode that was asked for (policy, annotation, flag): "auto" ... */
	const char *mode;       /* mode in force: off learn monitor enforce */
	const char *phase;      /* profile's state: learning proving ready suspect */
	const char *words;      /* one sentence: what learning still lacks, or what is in force */
	const char *tiers;      /* tiers that act, e.g. "1" or "1,2"; "" none */
	const char *sensor;     /* "bpf" */
	const char *gates;      /* "exec" or "" */
	const char *incident;   /* ID of the incident that stopped it, "" none */
	const char *action;     /* "freeze", "kill" or "": what is in force now */
	const char *unified, *freezer; /* cgroup folders, "" where there is none */
	unsigned pid;           /* init's */
	unsigned keeper, monitor; /* pids */
	unsigned long long keeper_start, monitor_start; /* when they began (process.h): a number is given out again */
	unsigned mntns;         /* the mount namespace in which the entry is expected */
	unsigned waiting;       /* 1: the entry's first instruction was not seen yet */
	unsigned paused;        /* 1: the engine had paused it when thymus froze it */
	unsigned late;          /* 1: it ran before it was watched */
	unsigned slot;          /* in the sensor's container table */
	unsigned long long started, frozen_since; /* unix seconds; 0 */
	unsigned long long calls, lost, deviations, incidents, grams, programs, seconds;
	unsigned long long verdicts, verdict_hash; /* of the stream, while a trace is recorded */
};

void state_folder(const struct policy *p, const char *root, const char *id, char ret[4096]);
must_check int state_load(const char *folder, struct state *ret, struct err *e); /* -ENOENT: none */
must_check int state_save(const char *folder, const struct state *s, struct err *e);
void state_remove(const char *folder); /* the file and its folder */
void state_done(struct state *s);
#define auto_state __attribute__((cleanup(state_done))) struct state

/* All fields as an object, NULL when out of memory. */
struct json *state_json(const struct state *s);

/* Folders of all containers, sorted, malloc()ed, NULL-terminated. */
must_check int state_list(const struct policy *p, char ***ret, struct err *e);

/* Find one by ID or unique prefix of an ID (any root).  -ENOENT, or -EEXIST when ambiguous. */
must_check int state_find(const struct policy *p, const char *id, char folder[4096], struct state *ret,
			  struct err *e);

#endif
