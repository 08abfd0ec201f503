/* SPDX-License-Identifier: ISC */
/*
 * Taking what lies in a mailbox's directories into the index.  The directory
 * is right about which messages there are; about flags, what changed last is:
 * a name that differs from the one we gave was changed by another program, and
 * just that difference is applied to the flags in the index.
 *
 * A scan goes on in pieces, each in a transaction of its own; the mailbox may
 * be changed in between.  So what it has read is only where to look: before
 * something is changed by it, the file is looked for again, in the transaction
 * that changes it.
 */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ix_box;
struct keyword_table;
struct maildir;
struct maildir_times;
struct scan;
struct scan_how;
struct takeover;
struct tx;

/* Do the directories' times say that a scan is due? */
bool scan_due(
    const struct ix_box *b, const struct maildir_times *t, bool thorough);

/* A scan of the mailbox whose record is B (BOX_BUILD, BOX_DOUBT). */
struct scan *scan_new(const struct ix_box *b);
void scan_free(struct scan **scan);
/* A piece of it; the caller stores B.  1: there is another, and B says so
 * (BOX_MORE).  TABLE gets the keywords that files have and is not saved; D is
 * open as long as the scan. */
int scan_step(struct scan *s, struct tx *tx, struct ix_box *b,
    const struct maildir *d, struct keyword_table *table, struct err *err);
/* A whole one at once, as far as it concerns messages that the index knows;
 * the rest is left (BOX_MORE). */
int scan_known(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct err *err);
/* The first one of a mailbox, as far as *LEFT goes, which it is lessened by
 * (boxes.h); what is left is just noted.  HOW->from is FROM. */
int scan_new_box(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct scan_how *how, struct takeover *from, int64_t *left,
    struct err *err);

#endif
