/* SPDX-License-Identifier: ISC */
/*
 * The index of what waits, in spool/index/: a record (qmgr/queue/qrecord.h) for
 * each message by its id, which is the order of arrival, those that wait by
 * the time of their next attempt as well, and counts of what they have in
 * common (qmgr/queue/qcount.h).  It only repeats what the files say:
 * where it is missing, damaged, of another version, or of another run of the
 * kernel without having been closed, it is removed and made anew.
 *
 * The file `stamp` beside the table is the witness: "open" with the run of the
 * kernel, because a power failure may leave anything of a table that is not
 * synced, and damage that a process meets removes it; "clean" after
 * qindex_close.
 *
 * What is put or deleted counts when qindex_commit has come back.  An error of
 * any call means that this table is of no use any more (qindex_drop).
 */
#ifndef QMGR_QUEUE_QINDEX_H
#define QMGR_QUEUE_QINDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "qmgr/queue/crowd.h"
#include "qmgr/queue/qrecord.h"

/* Of the whole table, kept in it. */
struct qindex_meta {
	uint64_t waiting, held; /* records */
	int64_t skew_ms;        /* the wall clock's lead over the queue's */
	int64_t
	    as_of_ns;  /* (sys/filetime.h) what was changed before is in it */
	uint32_t life; /* of the process that wrote last */
	uint32_t zero;
};

/* Where an attempt is due, and to whom; the order of the second part
 * of the table. */
struct qindex_due {
	int64_t ms;
	struct crowd_of of;
	char id[ENVELOPE_ID_BYTES];
};

/* Open, or make, the index in the spool SPOOL_DIR, in the run of the kernel
 * BOOT_ID ("": not known).  *KEPT: it holds what an earlier process put there;
 * META, as the table has it.  -1: it cannot be had. */
int qindex_open(int spool_dir, const char *boot_id, struct qindex_meta *meta,
    bool *kept, struct err *err);
bool qindex_is_open(void);
/* On disk as it is: the next run of the kernel may believe it. */
void qindex_close(void);
/* Close it and remove its files. */
void qindex_drop(void);

/* The record of ID, in ARENA. */
enum found qindex_get(
    struct slice id, struct arena *a, struct qrecord *r, struct err *err);

/* Records behind ID in the order of ids; nothing is committed until the end. */
int qindex_walk(struct slice id, struct err *err);
/* The next; its strings are good until the end of the walk. */
enum found qindex_walk_next(
    struct arena *a, struct qrecord *r, struct err *err);
void qindex_walk_end(void);

/* The same of those whose record is not whole, whose id alone is given. */
enum found qindex_partial_next(char id[ENVELOPE_ID_BYTES], struct err *err);

/* In the order of attempts: those behind AFTER, up to N into OUT; how many. */
int qindex_due_after(const struct qindex_due *after, struct qindex_due *out,
    size_t max, size_t *n, struct err *err);
/* As strcmp. */
int qindex_due_cmp(const struct qindex_due *a, const struct qindex_due *b);

/* A change of up to N records; ends with qindex_commit, or is given up by
 * qindex_abort. */
int qindex_begin(size_t n, struct err *err);
int qindex_put(struct slice id, struct slice value, struct err *err);
int qindex_del(struct slice id, struct err *err);
/* With META's life and times; its counts are set. */
int qindex_commit(struct qindex_meta *meta, struct err *err);
void qindex_abort(void);

#endif
