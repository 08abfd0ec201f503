/* SPDX-License-Identifier: ISC */
/*
 * Files that other servers keep in a Maildir, read to take it over with its
 * UIDs and keywords: dovecot-uidlist (versions 1 and 3), subscriptions (1 and
 * 2), courierimapuiddb, courierimapkeywords/:list, courierimapsubscribed; for
 * dovecot-keywords see keywords.h.  Lines that make no sense are skipped: what
 * they name is then treated as new.  Slices given point into the text.
 */
#ifndef MAILDIR_FOREIGN_H
#define MAILDIR_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct uidlist {
	uint32_t uidvalidity;
	uint32_t uidnext;
	struct slice guid; /* of the mailbox, 32 hex digits, or empty */
	struct slice rest; /* lines not yet read */
	bool v3;
};

/* Read the first line; false when it is none of the known formats. */
bool foreign_uidlist(struct slice text, struct uidlist *u);
/* The next message; STEM is its file name without flags.  False at the end. */
bool foreign_uidlist_next(struct uidlist *u, uint32_t *uid, struct slice *stem);

/* Courier's list: names first, then messages. */
bool foreign_courier_keyword_next(struct slice *rest, struct slice *name);
/* Numbers are the places of names in the list (from 0); those beyond 63 are
 * left out of MASK. */
bool foreign_courier_message_next(
    struct slice *rest, struct slice *stem, uint64_t *mask);

/* The next name (of a mailbox, with '/') of a subscriptions file into NAME,
 * which is emptied first.  Start with REST the whole text and *VERSION 0. */
bool foreign_subscription_next(
    struct slice *rest, int *version, struct buf *name);
/* Write one, in VERSION's form; false when NAME cannot be written. */
bool foreign_subscription_put(struct buf *out, int version, struct slice name);
/* The same of courierimapsubscribed. */
bool foreign_courier_subscription_next(struct slice *rest, struct buf *name);

#endif
