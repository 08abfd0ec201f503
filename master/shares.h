/* SPDX-License-Identifier: ISC */
/*
 * Who shares something with whom, in the state directory: shares/NAME/OWNER is
 * an empty file that says so, where NAME is a user's address, or "anyone@" and
 * a domain.  What is shared, the owner's mailboxes say (maildir/aclfile.h);
 * this is where it begins to be asked for, so it may say too much, but not too
 * little.  shares/owner=OWNER/NAME says the same the other way round.
 *
 * Addresses are compared without regard to case.
 */
#ifndef MASTER_SHARES_H
#define MASTER_SHARES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;

/* By the configuration: does anybody, and with other domains, too? */
bool shares_on(void);
bool shares_abroad(void);
/* OWNER shares with NAME: on disk if 0.  Blocks.  ERR_PERM ERR_LIMIT: with too
 * many, or the addresses are too long. */
int shares_add(struct slice owner, struct slice name, struct err *err);
enum found shares_has(struct slice owner, struct slice name, struct err *err);
/* Those that share with NAME, a line for each, as many as OUT takes. */
int shares_owners(struct slice name, struct buf *out, struct err *err);

#endif
