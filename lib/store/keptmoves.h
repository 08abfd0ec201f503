/* SPDX-License-Identifier: ISC */
/* Where messages went that were moved out of a mailbox: a line for each in the
 * file "moved" beside what is kept of it (maildir/keptdir.h),
 *
 *     UID MOVED SAVED MAILBOXID UID EMAILID
 *
 * with times in seconds, and the id and UID of where it is now.  A line says
 * what was about to happen: who reads it looks. */
#ifndef STORE_KEPTMOVES_H
#define STORE_KEPTMOVES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "maildir/name.h"

struct account;

/* Its file there. */
#define KEPTMOVES_FILE "moved"
enum { KEPTMOVES_MAX = 4 << 20 }; /* of a day; then nothing more is noted */

struct kept_move {
	uint32_t uid;
	int64_t moved_s;
	int64_t saved_s;
	char to[MAILBOX_ID_SIZE];
	uint32_t touid;
	uint64_t email_id;
};

/* Those of the mailbox with ID, N of them, in no order; to be freed. */
int keptmoves_read(struct account *a, const char *id, struct kept_move **v,
    size_t *n, struct err *err);

#endif
