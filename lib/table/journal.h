/* SPDX-License-Identifier: ISC */
/*
 * NAME.journal: what commands changed in a table since its text was compiled
 * last, so that one change of a large table costs one line and not the table.
 * Look-ups ask it before the cdb; it goes into the text when the table is
 * compiled (table/edit.h).
 *
 *     HHHHHHHH = 0123456789abcdef
 *     HHHHHHHH + alice@example.org home=example.org/alice
 *     HHHHHHHH - bob@example.org
 *
 * HHHHHHHH is the CRC-32C of the rest of the line, its newline included, begun
 * with that of the line before; so lines count in their order or not at all.
 * The first line says which cdb it belongs to (TABLE_ID_KEY): with the next cdb
 * in its place, which has all of this in it, the journal is void at once.
 *
 * On disk: it begins as a whole (durable_replace_like) and grows by a line and
 * a sync (durable_append).  A crash leaves at most one line that is not whole,
 * at the end: it was not acknowledged, does not count, and is cut off by the
 * next writer.  Anything else that does not fit is damage: the table fails for
 * the moment, and nothing is written.
 */
#ifndef TABLE_JOURNAL_H
#define TABLE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/slice.h"
#include "table/changes.h"
#include "table/compile.h"

struct table_journal {
	char *file;
	struct table_changes changes;
	int fd; /* -1: not there; open, so that its inode stays its own */
	struct stat seen;
	bool there;
	size_t at; /* what was read of it */
	uint32_t crc;
	char cdb[TABLE_ID_MAX];
};

void table_journal_init(struct table_journal *j, const char *name);
void table_journal_fini(struct table_journal *j);

/* Take in what came up since; no file is an empty journal.  ERR_TEMP when it
 * cannot be read or is damaged: then nobody knows what the table says. */
int table_journal_refresh(struct table_journal *j, int dirfd, struct err *err);

/* Is it there, and of the cdb ID? */
bool table_journal_is_of(const struct table_journal *j, const char *id);
/* Empty it in memory. */
void table_journal_forget(struct table_journal *j);

/* Add the entry KEY (folded), taken out with VALUE NULL, after a refresh; one
 * that is not of the cdb ID begins anew, with owner and mode of LIKE.  On
 * disk if 0; as before if -1. */
int table_journal_add(struct table_journal *j, int dirfd,
    const struct table_kind *kind, struct slice key, const struct slice *value,
    const char *id, const struct stat *like, struct err *err);
/* Remove what a writer that was ended in the middle has left. */
void table_journal_sweep(int dirfd, const char *name);
/* It is void: all of it stands in the cdb. */
void table_journal_remove(struct table_journal *j, int dirfd);

#endif
