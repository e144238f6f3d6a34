/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - the only door to yajl: bytes to a tree, a tree to bytes.
 *
 * The runtime behind us reads config.json with another parser, so json_parse() refuses whatever
 * two readers could read differently: twin keys, a NUL in a string, half a surrogate pair, invalid
 * UTF-8, comments (unless asked for), nesting beyond JSON_DEPTH.  Our tree is our own, built from
 * yajl's SAX callbacks: it keeps the order of keys and the text of numbers, so that json_emit()
 * loses nothing.
 */
#ifndef THYMUS_JSON_H
#define THYMUS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "auto.h"
#include "buf.h"
#include "err.h"

#define JSON_DEPTH 64
#define JSON_BYTES (64u << 20)

enum json_type {
	JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT
};

/* One value.  Children are a singly linked list in document order. */
struct json {
	enum json_type type;
	char        *key;   /* of a member of an object, else NULL */
	char        *text;  /* JSON_STRING: decoded UTF-8 without NUL; JSON_NUMBER: as written */
	struct json *child; /* first */
	struct json *last;
	struct json *next;
};

enum { JSON_COMMENTS = 1 }; /* flag: allow comments (policy files) */

/* Twin keys: exact twins are always refused.  Keys that differ in case only are refused where
 * encoding/json would take one for the other, which only the caller's schema can know: see
 * json_unfold(). */
must_check int json_parse(const char *text, size_t len, unsigned flags, struct json **ret,
			  struct err *e);
void json_free(struct json *doc);
AUTO(json, struct json *, json_free)

/* A key of `object` that encoding/json would take for one of `known` (NULL-terminated: other case, U+017F for s, U+212A
 * for k) becomes that one, so that every reader sees the same.  Two objects that become one are joined; two that
 * contradict each other, in a member or by not being objects, are refused. */
must_check int json_unfold(struct json *object, const char *const *known, struct err *e);

/* Look-ups.  All accept NULL and return NULL when absent or of another type. */
struct json *json_get(const struct json *object, const char *key);            /* any type */
struct json *json_at(const struct json *doc, const char *dotted);             /* "linux.seccomp" */
const char  *json_string(const struct json *v);                               /* JSON_STRING's text */
bool         json_u64(const struct json *v, unsigned long long *ret);         /* whole, non-negative */
bool         json_is_true(const struct json *v);

/* Building.  Each returns the new or changed node, NULL when out of memory (or parent is NULL, so
 * that calls can be nested and checked once).  `object` owns what is added; what cannot be added is
 * freed.  json_real(): what is not finite becomes null. */
struct json *json_new(enum json_type type);
struct json *json_set(struct json *object, const char *key, struct json *value); /* replaces in place */
struct json *json_add(struct json *array, struct json *value);                    /* appends */
struct json *json_str(const char *text);
struct json *json_num(long long value);
struct json *json_real(double value);
struct json *json_flag(bool value);
bool json_remove(struct json *object, const char *key);

/* Canonical text: `indent` 0 gives one line, else that many blanks a level.  Escapes what JSON
 * demands, DEL and U+2028/9 too; leaves other UTF-8 alone; a byte that is no UTF-8 (in text that
 * was built, not parsed) becomes U+FFFD.  No newline at the end. */
void json_emit(const struct json *doc, unsigned indent, struct buf *to);

enum json_kind { JSON_K_STR, JSON_K_UINT, JSON_K_REAL, JSON_K_BOOL, JSON_K_ANY };

/* One row per key of an object; `at` is offsetof() the member it fills.  JSON_K_STR fills
 * `const char *` (owned by the document), JSON_K_UINT `unsigned`, JSON_K_REAL `double`,
 * JSON_K_BOOL `bool`, JSON_K_ANY `struct json *`. */
struct json_field {
	const char    *key;
	enum json_kind kind;
	bool           required;
	size_t         at;
};

/* Fill `out` from `object` by `fields` (ends with {0}).  Strict: a key without a row is an error,
 * so that a slip of the pen in a policy cannot weaken it.  The sentence names the key. */
must_check int json_fill(const struct json *object, const struct json_field *fields, void *out,
			 struct err *e);

#endif
