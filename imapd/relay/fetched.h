/* SPDX-License-Identifier: ISC */
/* A message on its way between two accounts: what a FETCH answer says of it
 * before its literal, and what APPEND is told of it.  What comes from another
 * account's process is not passed on unless it is what it should be. */
#ifndef IMAPD_RELAY_FETCHED_H
#define IMAPD_RELAY_FETCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct buf;

/* What is asked for, behind the set. */
#define FETCHED_ITEMS "(UID FLAGS INTERNALDATE BODY.PEEK[])"

struct fetched {
	uint32_t uid;
	bool has_flags;
	struct slice flags; /* without parentheses and \Recent; in the arena */
	struct slice date;  /* INTERNALDATE; empty: not told */
	bool has_body;      /* a literal follows: */
	uint64_t size;
};

/* The beginning of a line, of 32 bytes if it has so many: fetched_read may be
 * for it. */
bool fetched_may_be(struct slice line);
/* LINE, "* 1 FETCH (...": an answer about a message with its UID.  False: it is
 * another one. */
bool fetched_read(struct slice line, struct arena *a, struct fetched *l);
/* Is that all which APPEND needs? */
bool fetched_is_whole(const struct fetched *l);
/* " (flags) "date" {n+}" CRLF */
void fetched_put(struct buf *out, const struct fetched *l);

/* N more bytes of the literal, of which LEFT are to come; at the end of the
 * answer none may be.  False: they are none of it. */
bool fetched_take(uint64_t *left, size_t n);

/* "OK [WORD uidvalidity set] ...": N ascending UIDs into UIDS.  False: it is
 * not that. */
bool fetched_read_uids(struct slice status, const char *word,
    uint32_t *uidvalidity, uint32_t *uids, size_t n);

#endif
