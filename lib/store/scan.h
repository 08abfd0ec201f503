/* SPDX-License-Identifier: ISC */
/*
 * Taking what lies in a mailbox's directories into the index.  The directory
 * is right about which messages there are; about flags, what changed last is:
 * a name that differs from the one we gave was changed by another program, and
 * just that difference is applied to the flags in the index.
 */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct ix_box;
struct keyword_table;
struct maildir;
struct scan_how;
struct takeover;
struct tx;

/* New files that a transaction did not take in (BOX_MORE): the directories need
 * not be read again for the next ones. */
struct scan_rest;
enum { SCAN_FILES = 500 };

/* Does a look at the directories' times say that a scan is due? */
bool scan_due(const struct ix_box *b, const struct maildir *d, bool thorough);
/* Scan; the caller stores B.  *REST (may be NULL) gets what is left, and takes
 * over *FROM (may be NULL), the owner of how->from. */
int scan_box(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct scan_how *how, struct takeover *from, struct scan_rest **rest,
    struct err *err);
/* Scan for the first time, if there are no more than *LEFT files, which it is
 * lessened by; else just note that they are left. */
int scan_new_box(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct scan_how *how, size_t *left, struct err *err);
/* The next of *REST, which is freed at its end; TABLE as in scan_how. */
int scan_on(struct tx *tx, struct ix_box *b, const struct maildir *d,
    struct keyword_table *table, struct scan_rest **rest, struct err *err);
void scan_rest_free(struct scan_rest **rest);

#endif
