/* SPDX-License-Identifier: ISC */
/*
 * Changing tables: the texts that people edit, what commands change, and how
 * both come together.
 *
 * A change of a small table goes into its text and cdb at once.  Where the
 * text is large it becomes a line of NAME.journal (table/journal.h), which the
 * next compile takes into the text and the cdb (table/pair.h says how) and
 * then removes: with the new cdb in its place the journal, which is of the
 * other, is void, whether it is still there or not.
 *
 * Writers of one directory take turns by a lock on the directory itself; who
 * reads text and journal together shares it.
 */
#ifndef TABLE_EDIT_H
#define TABLE_EDIT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "table/changes.h"
#include "table/compile.h"

/* Wait for other writers; -1 or an fd that holds the lock until closed. */
int table_lock(int dirfd, struct err *err);

/*
 * Compile NAME beneath DIRFD to NAME.cdb, with what the journal holds put into
 * the text.  Where a person changed an entry of the text that a command changed
 * too, the text counts (rep->conflict).  With mistakes (table_check_text)
 * nothing has changed.  The cdb gets owner and mode of the text.
 */
int table_compile(
    int dirfd, const char *name, struct table_report *rep, struct err *err);

enum table_edit {
	TABLE_ADD, /* KEY must not be there yet */
	TABLE_SET, /* KEY must be there */
	TABLE_PUT, /* either way */
	TABLE_DEL, /* KEY must be there; VALUE is not looked at */
};

/*
 * Change KEY's entry in the table NAME beneath DIRFD, seen by look-ups at once:
 * the other lines of the text stay as they are, a text that is not there is
 * begun (mode 0644, passwords 0640).  ERR_PERM when KEY is (not) there or the
 * entry makes no sense; then, and when the rest of the text has mistakes,
 * nothing has changed.
 */
int table_edit(int dirfd, const char *name, enum table_edit how,
    struct slice key, struct slice value, struct err *err);
/* The same for all of S, which are checked and compiled once; the caller holds
 * the lock.  TABLE_ADD or TABLE_PUT. */
int table_edit_all(int dirfd, const char *name, enum table_edit how,
    struct table_changes *s, struct err *err);

/* The text of NAME with what the journal holds, to OUT (of TABLE_TEXT_MAX at
 * most).  errno ENOENT when there is none. */
int table_read_merged(
    int dirfd, const char *name, struct buf *out, struct err *err);

#endif
