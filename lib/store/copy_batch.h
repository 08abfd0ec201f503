/* SPDX-License-Identifier: ISC */
/* A transaction of a copy (copy.h): hard links or renames, and records. */
#ifndef STORE_COPY_BATCH_H
#define STORE_COPY_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "index/record.h"
#include "maildir/keywords.h"
#include "maildir/kwlog.h"
#include "maildir/maildir.h"
#include "store/copy.h"

struct mailbox;

enum {
	COPY_BATCH = 100, /* messages in one transaction */
	COPY_MOVED_MAX = COPY_BATCH * 256,
};

/* What a transaction has done, to be undone when it fails. */
struct copy_done {
	struct copy_pair pair;
	enum maildir_part part; /* of the old one */
	char old[IX_FILE_NAME];
	char made[IX_FILE_NAME];
};

struct copy_batch {
	struct mailbox *from;
	struct mailbox *to;
	bool move;
	unsigned without; /* flags that copies do not have */
	bool no_keywords; /* they have none */
	bool looked;      /* the source was scanned in this transaction */
	uint16_t numbers[KEYWORDS_MAX]; /* of keywords: in FROM -> in TO */
	struct kwlog log;               /* of the target */
	int linesfd; /* the target's pabal-keywords with lines of ours */
	struct copy_done steps[COPY_BATCH]; /* of this transaction */
	size_t nsteps;
	struct buf moved;        /* lines about them */
	struct copy_pair *pairs; /* what is committed */
	size_t npairs;
	uint32_t uidvalidity; /* of TO */
};

/* At most COPY_BATCH of them, all or none: they are in C->pairs then. */
int copy_batch(
    struct copy_batch *c, const uint32_t *uids, size_t n, struct err *err);

#endif
