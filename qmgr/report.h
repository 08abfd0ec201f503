/* SPDX-License-Identifier: ISC */
/* Reports to the sender (RFC 3461, 3462, 3464): a new message with the null
 * sender, written into this spool like any other. */
#ifndef QMGR_REPORT_H
#define QMGR_REPORT_H

#include "qmgr/message.h"

enum report_kind { REPORT_FAILURE, REPORT_DELAY, REPORT_SUCCESS };

/* Does R's NOTIFY ask for a report of KIND (RFC 3461 4.1)? */
bool report_wanted(const struct rcpt *r, enum report_kind kind);

/*
 * Write the report of KIND on M, if one is due, and call DONE when it is on
 * disk (OK), or could not be written (not OK).  DONE also runs, with OK, when
 * no report is due: a null sender, NOTIFY=NEVER.  DONE may run inside.
 */
void report_write(struct message *m, enum report_kind kind,
    void (*done)(struct message *m, enum report_kind kind, bool ok));

#endif
