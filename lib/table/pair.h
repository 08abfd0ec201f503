/* SPDX-License-Identifier: ISC */
/*
 * NAME and NAME.cdb changed together, by commands and with what a journal has.
 * Both are written anew before either gets its name; each line is on disk
 * before the next begins:
 *
 *	1  .NAME.next        the new text
 *	2  .NAME.cdb.next    the cdb of it
 *	3  NAME              is .NAME.next, renamed
 *	4  NAME.cdb          is .NAME.cdb.next, renamed
 *
 * What a crash, or a disk that is full, leaves:
 *
 *	.NAME.next, .NAME.cdb.next maybe     before 3: nothing has changed, the
 *	                                     next writer removes them
 *	.NAME.cdb.next alone                 before 4: the text has all of it,
 *	                                     the next writer does 4
 *	neither                              before 1 or behind 4
 *
 * So it is known at any time which text a person had before him who edits NAME
 * after such an end: 4 is done before his edit is looked at, and then his text
 * is newer than a cdb that says what the text said before.  Until then look-ups
 * have the old cdb and its journal, which say the same as the text of 3 but for
 * the change that was cut off, and that was not acknowledged.
 */
#ifndef TABLE_PAIR_H
#define TABLE_PAIR_H

#include "base/err.h"
#include "base/slice.h"

struct stat;

/* TEXT to NAME and NAME.cdb, with owner and mode of SEEN, which NAME must be
 * still: an edit by hand of the same moment is not written over.  -1 and
 * ERR_PERM when TEXT has mistakes. */
int table_write_both(int dirfd, const char *name, struct slice text,
    const struct stat *seen, struct err *err);
/* Bring to its end what a writer of NAME was ended in, and remove what is left
 * of it; the caller holds the lock. */
int table_settle(int dirfd, const char *name, struct err *err);
/* Is the text that of a change whose cdb has yet to get its name? */
enum found table_merged(int dirfd, const char *name, struct err *err);

#endif
