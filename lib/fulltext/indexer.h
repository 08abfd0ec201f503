/* SPDX-License-Identifier: ISC */
/*
 * Bringing the index of an account up to date, mailbox by mailbox, in steps:
 * what is new is read, a copy is known by its EMAILID, what is gone is taken
 * out.
 */
#ifndef FULLTEXT_INDEXER_H
#define FULLTEXT_INDEXER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct account;
struct fulltext;
struct indexer;
struct mime_limits;

struct indexer_progress {
	struct slice mailbox; /* at hand */
	uint64_t messages;    /* of the mailboxes so far */
	uint64_t looked_at;   /* of them */
	uint64_t read;        /* were new, and have been read */
	uint64_t copies;      /* were new, and known */
	uint64_t gone;
};

/* F is the index of A, which stays open as long; NAME: only that mailbox, .p
 * NULL: all; LIMITS stay. */
struct indexer *indexer_new(struct account *a, struct fulltext *f,
    struct slice name, const struct mime_limits *limits);
/* What was not committed is lost.  X may point at NULL; leaves NULL. */
void indexer_free(struct indexer **x);
/* A piece, of a millisecond mostly; *MORE: call again.  ERR_BUSY: in a moment.
 * ERR_PERM with ERR_NOT_FOUND: there is no such mailbox. */
int indexer_step(struct indexer *x, bool *more, struct err *err);
/* Make what was done count, now. */
int indexer_commit(struct indexer *x, struct err *err);
const struct indexer_progress *indexer_progress(const struct indexer *x);

#endif
