/* SPDX-License-Identifier: ISC */
/* What lies in a mailbox's directories. */
#ifndef MAILDIR_LISTING_H
#define MAILDIR_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "maildir/filename.h"
#include "maildir/maildir.h"

/* The messages of directories, in the order of the UIDs in their names. */
struct listing_entry {
	struct filename f;
	const char *name;
	uint32_t want; /* the UID it shall have; 0: a new one */
	int64_t time_s;
	enum maildir_part part;
	bool used;
};
struct listing {
	struct arena arena;
	struct listing_entry *v;
	size_t n;
	size_t cap;
};
/* 1: there are more than MAX (0: as many as there are), which are not read. */
int listing_read(
    struct listing *l, const struct maildir *d, size_t max, struct err *err);
void listing_fini(struct listing *l);
/* The entry for UID with STEM, not yet used; NULL if none. */
struct listing_entry *listing_find(
    struct listing *l, uint32_t uid, struct slice stem);

#endif
