/* SPDX-License-Identifier: ISC */
/* Which messages stand in the spool, and where. */
#ifndef QMGR_QUEUE_SPOOL_NAMES_H
#define QMGR_QUEUE_SPOOL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "qmgr/queue/spool.h"

/* Is there a file ID, and in which *PLACE (looked for there first)?  False too
 * when that cannot be known now: ERR_TEMP, else ERR_PERM. */
bool spool_find(const char *id, enum spool_place *place, struct err *err);
/* When the file ID was changed last (sys/filetime.h); INT64_MAX when that
 * cannot be known. */
int64_t spool_changed_ns(const char *id, enum spool_place place);
/* Where a rename takes two steps (fd_rename_new), a crash leaves one file in
 * new/ and in cur/: remove the name in new/.  False: it is not so. */
bool spool_drop_twin(const char *id);

/*
 * Visit accepted messages at the start, for a few milliseconds in each call: FN
 * for each file name.  False when all have been seen.
 */
bool spool_scan(void (*fn)(const char *name, enum spool_place place));
/* The next call begins anew, among messages that have been acknowledged. */
void spool_scan_again(void);

#endif
