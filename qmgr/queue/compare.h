/* SPDX-License-Identifier: ISC */
/* The index beside the names and times of files: what a scan of the spool does
 * for each name, and afterwards for records of which it saw none. */
#ifndef QMGR_QUEUE_COMPARE_H
#define QMGR_QUEUE_COMPARE_H

#include <stdbool.h>

#include "qmgr/queue/spool.h"

struct entry;

enum compared { COMPARE_UNKNOWN, COMPARE_DOUBTFUL, COMPARE_KNOWN };

/*
 * Is there a record of ID, whose file is in PLACE, that can be believed?  Its
 * place is made right.  One that cannot, because the file has changed since the
 * index was written to last, has an entry, *E.
 */
enum compared compare_name(
    const char *id, enum spool_place place, struct entry **e);
/* Drop records whose files are gone, of some behind AFTER, which goes on; false
 * at the end. */
bool compare_records(char after[ENVELOPE_ID_BYTES]);

#endif
