/* SPDX-License-Identifier: ISC */
/*
 * A cursor that reads a slice.  Failure is sticky: after the first thing
 * that does not stand where it should, every read gives nothing, so a grammar
 * is written straight through and asked once at the end (cur_end, cur_ok).
 */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct cur {
	const char *p;
	const char *end;
	bool failed;
};

static inline struct cur
cur_of(struct slice s)
{
	return (struct cur){ s.p, s.n > 0 ? s.p + s.n : s.p, false };
}

static inline size_t
cur_left(const struct cur *c)
{
	return c->failed ? 0 : (size_t)(c->end - c->p);
}

static inline bool
cur_ok(const struct cur *c)
{
	return !c->failed;
}

static inline void
cur_fail(struct cur *c)
{
	c->failed = true;
}

/* Everything was read, and nothing failed. */
static inline bool
cur_end(const struct cur *c)
{
	return !c->failed && c->p == c->end;
}

/* The next byte without reading it; -1 at the end or after a failure. */
static inline int
cur_peek(const struct cur *c)
{
	return cur_left(c) > 0 ? (unsigned char)*c->p : -1;
}

/* What is left, without reading it. */
struct slice cur_rest(const struct cur *c);
/* Read one byte; -1 and failed at the end. */
int cur_byte(struct cur *c);
/* Read exactly N bytes. */
struct slice cur_take(struct cur *c, size_t n);
/* Read LIT (ASCII case ignored) or fail. */
void cur_lit(struct cur *c, const char *lit);
/* Read LIT (ASCII case ignored) if it is next; says whether it was. */
bool cur_try(struct cur *c, const char *lit);
bool cur_try_byte(struct cur *c, char b);
/* Read as long as IS holds; may be empty. */
struct slice cur_while(struct cur *c, bool (*is)(char));
/* Read up to B, which is read too and not given; fails when B is not there. */
struct slice cur_until(struct cur *c, char b);
/* Skip spaces and tabs. */
void cur_skip_blank(struct cur *c);
/* A decimal number of at most MAX (digits only, at least one). */
uint64_t cur_u64(struct cur *c, uint64_t max);

#endif
