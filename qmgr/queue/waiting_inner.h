/* SPDX-License-Identifier: ISC */
/* waiting.c for its beginning and end, and for those who look into the index
 * themselves. */
#ifndef QMGR_QUEUE_WAITING_INNER_H
#define QMGR_QUEUE_WAITING_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct entry;
struct qrecord;

/* RESCAN is called, never from inside, when the index was lost: what was away
 * is to be read from the files. */
void waiting_init(void (*rescan)(void));
/* Open the index beneath SPOOL_DIR (kept), in the run of the kernel BOOT_ID
 * ("": not known); where there is none that can be believed, it is made. */
void waiting_open(int spool_dir, const char *boot_id);
/* Write what there is to write, on disk. */
void waiting_close(void);
/* Is there an index? */
bool waiting_usable(void);
/* A call of qindex.h said ERR: it is lost, when this turn ends. */
void waiting_fail(const struct err *err);
/* The message of R comes back, if it is away. */
struct entry *waiting_back(const struct qrecord *r);
/* Is the record of ID about to be removed? */
bool waiting_is_leaving(struct slice id);
/* ID, which is away, is no message. */
void waiting_forget(const char *id);
/* When E is due, by the queue's clock. */
int64_t waiting_due_ms(const struct entry *e);

/* Was a record of that life written by an earlier process? */
bool waiting_is_old(uint32_t life);
/* What files were changed before (sys/filetime.h), such a record knows. */
int64_t waiting_as_of_ns(void);
/* All such records were compared with their files. */
void waiting_seen_all(void);

#endif
