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

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "store/boxfile.h"
#include "store/filename.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/tx.h"

struct scan_how {
	bool build; /* B has no records yet: believe names of our own making */
	bool doubt; /* after a power cut: a file may be torn */
	uint32_t keywords;           /* letters with a meaning */
	const struct takeover *from; /* may be NULL */
};

/* Does a look at the directories' times say that a scan is due? */
bool scan_due(const struct ix_box *b, const struct box_dirs *d, bool thorough);
/* Scan; the caller stores B.  *ROOM (may be NULL): when more bytes would be
 * written than it says, nothing is done, it says how many, and 1 comes back. */
int scan_box(struct tx *tx, struct ix_box *b, const struct box_dirs *d,
    const struct scan_how *how, size_t *room, struct err *err);

/* Bits of the letters that T gives a meaning. */
uint32_t scan_keywords(const struct keyword_table *t);
/* Bytes of FD with each line ending as CRLF; -1 on error. */
int64_t scan_wire_size(int fd, struct err *err);

/* The messages of directories, in the order of the UIDs in their names. */
struct scan_entry {
	struct filename f;
	const char *name;
	uint32_t want; /* the UID it shall have; 0: a new one */
	int64_t time_s;
	bool in_new;
	bool used;
};
struct scan_list {
	struct arena arena;
	struct scan_entry *v;
	size_t n;
	size_t cap;
};
int scan_list_read(
    struct scan_list *l, const struct box_dirs *d, struct err *err);
void scan_list_fini(struct scan_list *l);
/* The entry for UID with STEM, not yet used; NULL if none. */
struct scan_entry *scan_list_find(
    struct scan_list *l, uint32_t uid, struct slice stem);

/* Give the file E a UID, its full name and a record. */
int adopt(struct tx *tx, struct ix_box *b, const struct box_dirs *d,
    const struct scan_how *how, const struct scan_entry *e, struct err *err);

#endif
