/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.h - what was learned about one workload, and how far it may be trusted.
 *
 * One JSON file per workload, strict on reading (an unknown key is an error), canonical on
 * writing (equal profiles are equal bytes).  Every n-gram is a line of text, so that diff(1) and a
 * reviewer can read it.  The header carries the proof: contributors, calls, seconds, losses.
 */
#ifndef THYMUS_PROFILE_H
#define THYMUS_PROFILE_H

#include "json.h"
#include "model.h"

#define PROFILE_FORMAT 1
#define PROFILE_BYTES  (64u << 20)

enum profile_state { PROFILE_LEARNING, PROFILE_PROVING, PROFILE_READY, PROFILE_SUSPECT };

/* A program: an executable under one name.  Path is the file's own, as the kernel resolved it in
 * the container; name is the last part of what execve was given (busybox has many), or the whole
 * path of a script whose interpreter `path` is. */
struct program {
	char *path;
	char *name;
	char  sha256[65];  /* of its content where that lay in the container's own layer; "": seen from the image only */
	bool  session;     /* ran in an exec session of the engine: its own class, its own n-grams */
	u64   open_until;  /* unix seconds: allowed by a person, calls are learned until then; 0: judged */
};

/* One container's life that taught. */
struct contributor {
	u32   id;          /* random, not 0; the upper half of its unit ids */
	char *container;   /* engine's ID */
	char *host;
	u64   started;     /* unix seconds */
	u64   seconds;     /* observed */
	u64   calls;
	u64   lost;        /* events lost: makes the profile lossy for ever */
	u64   floor;       /* floor events seen */
	bool  late;        /* attached after the entry's first instruction */
	bool  stopped;     /* its end was seen */
	u32   reloads;     /* SIGHUP handled by the entry */
	u32  *units;       /* per program index: seconds in which it ran; profile.programs long */
};

struct profile {
	char *scope, *name, *image, *arch; /* the key */
	enum profile_state state;
	char *why;           /* why suspect, or who promoted by hand; "" */
	u32   version;       /* +1 with every change of what is judged */
	u32   order;         /* longest n-gram, 1..GRAM_ORDER_MAX */
	u64   proving_since; /* unix seconds, 0 */
	u64   proved;        /* clean seconds while proving */
	u64   enforced;      /* unix seconds when first enforced, 0: never; from then on no container teaches it */
	s32   score_max;     /* highest graded score held out while proving, 1/256 bit; 0: none yet */
	struct model *model;
	struct program *programs; /* [0] is unused: index 0 means "unknown" */
	u32   nprograms;          /* including [0] */
	struct contributor *contributors;
	u32   ncontributors;
};

must_check int profile_new(const char *scope, const char *name, const char *image, const char *arch, u32 order,
			   struct profile **ret, struct err *e);
must_check int profile_parse(const char *text, size_t len, struct profile **ret, struct err *e);
must_check int profile_emit(const struct profile *p, struct buf *to, struct err *e);
void profile_free(struct profile *p);
AUTO(profile, struct profile *, profile_free)

/* Index of a program, 0 when unknown.  profile_add_program() adds it if need be (error when the
 * table is full). */
u32 profile_program(const struct profile *p, const char *path, const char *name, bool session);
must_check int profile_add_program(struct profile *p, const char *path, const char *name, bool session,
				   u32 *ret, struct err *e);

/* Union of `from` into `into`: programs are matched by (path, name, session) and n-grams renamed,
 * contributors matched by id (of each counter the higher: they only grow).  What is left is settled
 * so that order and repetition do not matter: the higher version, the less trusted state.  Refuses
 * another arch, order or key.  After another error `into` may be half changed: drop it. */
must_check int profile_merge(struct profile *into, const struct profile *from, struct err *e);

const char *profile_state_name(enum profile_state s);

/* Do containers teach it?  Not once it was enforced: who is in a learning one must not loosen what others are held by. */
static inline bool profile_is_open(const struct profile *p)
{
	return p->state == PROFILE_LEARNING && p->enforced == 0;
}

/* The leave-one-out evidence of one tier: seconds of a program that own an n-gram of that tier
 * which no other second has, among all seconds.  Sessions are left out. */
struct evidence {
	u64    units, private_units; /* seconds of programs; clean ones of proving count too */
	double rate, upper; /* a second of the container: point, upper 95 % bound */
};
struct evidence profile_evidence(const struct profile *p, u32 tier, const u8 classes[512]);

/* Costs of the graded score, from leave-one-out depths of the n-grams (cost[order] = 0), and the
 * threshold: score_max and about one never-learned call more, SCORE_OFF without it. */
void profile_weights(const struct profile *p, struct weights *ret);

#endif
