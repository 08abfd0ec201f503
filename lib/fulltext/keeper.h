/* SPDX-License-Identifier: ISC */
/*
 * The full-text index of an account that has sessions here: opened when a
 * search wants it, brought up to date in the background, a few milliseconds at
 * a time, and closed when nothing happens.
 */
#ifndef FULLTEXT_KEEPER_H
#define FULLTEXT_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "mime/parser.h"

struct account;
struct fulltext;
struct keeper;

/* When an index is made and brought up to date. */
enum keeper_when {
	KEEPER_NEVER,  /* and what there is is not used */
	KEEPER_WANTED, /* where a search has wanted one */
	KEEPER_ALWAYS,
};

struct keeper_owner {
	/* What parameters say now. */
	enum keeper_when (*when)(const struct keeper_owner *o);
	struct mime_limits (*limits)(const struct keeper_owner *o);
	/* There is no more to do for now; the keeper may be freed. */
	void (*on_rest)(struct keeper_owner *o);
};
/* Of A, which stays open as long; NAME, for the log, stays. */
struct keeper *keeper_new(
    struct account *a, const char *name, struct keeper_owner *owner);
/* K may point at NULL; leaves NULL. */
void keeper_free(struct keeper **k);
/* Something in the account may have changed. */
void keeper_changed(struct keeper *k);
/* Is it at work? */
bool keeper_is_busy(const struct keeper *k);
/* A search wants the index, which is begun if there is none; NULL: there is
 * none at hand.  It may be another one whenever the loop turns: *NUMBER is
 * then. */
struct fulltext *keeper_index(struct keeper *k, uint64_t *number);
/* The index that a search uses turned out to be of no use. */
void keeper_failed(struct keeper *k);

#endif
