/* SPDX-License-Identifier: ISC */
/*
 * What an account remembers of the messages before: whom it has answered, what
 * was a duplicate, which part of a delivery was done already.  A file of lines
 * "EXPIRES KIND ONE TWO", escaped as in an envelope; it survives restarts, and
 * what a power failure takes of it costs one answer more.
 */
#ifndef SCRIPT_SEEN_H
#define SCRIPT_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct arena;

struct seen_key {
	const char *kind; /* a word */
	struct slice one, two;
};

/* Of the account whose directory is ACCOUNT.  TEMPFAIL: nobody can say. */
enum found seen_find(int account, const struct seen_key *key, int64_t now_s);
/* Remember it for SECONDS from NOW_S on. */
int seen_put(int account, const struct seen_key *key, int64_t now_s,
    uint32_t seconds, struct err *err);

/* Several of them, for when a run has succeeded; what is too much is left
 * out. */
enum { SEEN_LIST_MAX = 32 };
struct seen_list {
	struct seen_key v[SEEN_LIST_MAX]; /* in an arena */
	uint32_t seconds[SEEN_LIST_MAX];
	size_t n;
};
void seen_list_add(struct seen_list *list, struct arena *a,
    const struct seen_key *key, uint32_t seconds);
void seen_list_keep(const struct seen_list *list, int account, int64_t now_s);

#endif
