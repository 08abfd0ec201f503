/* SPDX-License-Identifier: ISC */
/* How a file that the index does not know becomes a message. */
#ifndef STORE_ADOPT_H
#define STORE_ADOPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct maildir;
struct ix_box;
struct keyword_table;
struct kwfile;
struct listing_entry;
struct takeover;
struct tx;
struct uidfile;

struct scan_how {
	bool build; /* B has no records yet: believe names of our own making */
	bool doubt; /* after a power cut: a file may be torn */
	struct keyword_table *table; /* gets what files have; not saved */
	const struct takeover *from; /* may be NULL */
	struct uidfile *later;       /* gets who is renamed later; or NULL */
};

/* Give the file ENTRY a UID, its full name and a record; MORE is
 * pabal-keywords. Adds what had to be read of it to *BYTES; *RENAMED says
 * whether it had another name. */
int adopt(struct tx *tx, struct ix_box *b, const struct maildir *d,
    const struct scan_how *how, struct kwfile *more,
    const struct listing_entry *entry, int64_t *bytes, bool *renamed,
    struct err *err);

#endif
