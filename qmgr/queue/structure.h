/* SPDX-License-Identifier: ISC */
/*
 * What smtpd found of a message's structure (mime/wire.h), on its way to local.
 * It is kept in memory alone, while the message is active and as long as there
 * is room; where none is left, imapd reads the message when it is asked.  qmgr
 * does not look inside.
 */
#ifndef QMGR_QUEUE_STRUCTURE_H
#define QMGR_QUEUE_STRUCTURE_H

#include "base/buf.h"

/* TO, which is empty, gets a copy of RECORD, unless it is too large or there is
 * no room.  To be dropped, also in another place that it was moved to. */
void structure_keep(struct buf *to, struct slice record);
/* Leaves it empty. */
void structure_drop(struct buf *record);

#endif
