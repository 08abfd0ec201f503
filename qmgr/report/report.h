/* SPDX-License-Identifier: ISC */
/*
 * Reports to the sender (RFC 3461, 3462, 3464): a new message with the null
 * sender, written into this spool like any other.
 *
 * A report always gets through: foreign text in it is made valid, UTF-8 stands
 * only where the sender used SMTPUTF8 (RFC 6533), 8-bit parts are labelled so
 * that smtp can convert them, and there is no number of recipients for which
 * it could not be written.  One that cannot be delivered is reported to
 * the postmaster (double_bounce), and what fails then is not reported any more.
 */
#ifndef QMGR_REPORT_REPORT_H
#define QMGR_REPORT_REPORT_H

#include "qmgr/queue/message.h"
#include "qmgr/queue/notify.h"

/*
 * Write the report of KIND on M, if one is due, and call DONE when it is on
 * disk (OK), or could not be written (not OK).  DONE also runs, with OK, when
 * no report is due: a null sender, NOTIFY=NEVER.  DONE may run inside.
 */
void report_write(struct message *m, enum notify kind,
    void (*done)(struct message *m, enum notify kind, bool ok));

#endif
