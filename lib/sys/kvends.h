/* SPDX-License-Identifier: ISC */
/*
 * Processes that ended with a table open (kv.h), as LMDB's lock file tells:
 * each process has a slot there, which says whether it is reading, and which
 * it clears when it closes the table.  Damage that LMDB does not notice can end
 * the process that meets it, and the next one, for as long as the table is
 * there; a process that is killed leaves the same trace.  So ends are counted,
 * those in the middle of a transaction as READING: two of them within an hour
 * are enough, or as many others as weigh the same.
 *
 * The count stands behind the slots, in bytes that LMDB leaves alone.
 */
#ifndef SYS_KVENDS_H
#define SYS_KVENDS_H

#include <stdbool.h>

enum {
	KVENDS_LOCK_BYTES = 8160, /* of the file; the last 32 are ours */
	KVENDS_READERS = 125,
};

/* Look for ends in the lock file FD, which this process has not open
 * otherwise, and count them.  True: the table is to be doubted; counting begins
 * anew then. */
bool kvends_look(int fd);

#endif
