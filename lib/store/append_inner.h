/* SPDX-License-Identifier: ISC */
/* Messages on their way in, as append.c and append_place.c see them. */
#ifndef STORE_APPEND_INNER_H
#define STORE_APPEND_INNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/err.h"
#include "index/record.h"
#include "maildir/dirs.h"
#include "maildir/keyword_set.h"
#include "maildir/kwlog.h"
#include "store/append.h"
#include "store/lines.h"
#include "sys/durable.h"

struct account;
struct tx;

struct append_text {
	struct lines lines;
};

struct append {
	struct durable_req req; /* first: given back by the pool */
	struct append_batch *batch;
	struct mailbox *m;
	struct mailbox *own; /* the same, held by it; or NULL */
	TAILQ_ENTRY(append) link;
	struct append *next_of_account; /* for append_place.c, as follows */
	bool follows;                   /* one of the same account */
	struct durable_req more_req; /* pabal-keywords, where it has a line */
	struct append_info info;
	struct buf names; /* info.keywords */
	struct buf base;  /* info.base */
	struct keyword_set keywords;
	struct kwlog log;
	int boxfd;
	struct lines lines;   /* into fd */
	struct append *whole; /* whose file it is a further name of, or NULL */
	struct buf cache;     /* see append_set_cache */
	struct ix_msg msg;
	struct ix_hot hot;
	char tmp[IX_FILE_NAME];
	int fd;
	dev_t dev;     /* of fd; 0: not known */
	bool finished; /* ready for commit */
	bool shared;   /* others are further names of its file */
	bool placed;
	unsigned warning; /* what it tells of (append_warn), or 0 */
	bool own_date;
	bool own_seen; /* a guest's (seen.h) */
	int rc;
	int file_error; /* of the sync, where others need it */
	struct err err;
	uint32_t uid;
	uint32_t uidvalidity;
};

/* A directory that the batch changed. */
struct append_target {
	struct mailbox *m;
	enum maildir_part part;
};

struct append_batch {
	struct store *store;
	bool atomic;
	bool committed;
	TAILQ_HEAD(append_list, append) appends;
	struct append_target *targets;
	size_t ntargets;
	size_t waiting; /* for the disk */
	void (*done)(struct append_batch *b, void *arg);
	void *arg;
};

/* Out of the batch, with its file where that is in no mailbox. */
void append_discard(struct append *a);
/* Its name and record, when all of it is known. */
void append_name(struct append *a);
/* The part of its mailbox that A goes into. */
enum maildir_part append_part(const struct append *a);
/* Step 2 (append.c) for all of B, an account after the other: a->rc says what
 * became of each. */
void append_place_all(struct append_batch *b);
/* The same for A alone, in TX; PAST the quota. */
int append_place_one(
    struct tx *tx, struct append *a, bool past, struct err *err);
/* Take the file of A, which was placed, out of its mailbox. */
void append_place_undo(struct append *a);
/* The message to the owner of A that is due comes into B as well; KEPT_OUT:
 * some mail did not come in.  What cannot be made now is due still.  _all: to
 * the owners of all accounts in B. */
void append_warn(struct append_batch *b, struct account *a, bool kept_out);
void append_warn_all(struct append_batch *b);

/* Before the sync: what was brought as seen is. */
void append_seen(struct append_batch *b);

#endif
