/* SPDX-License-Identifier: ISC */
#ifndef QMGR_QUEUE_WRITTEN_H
#define QMGR_QUEUE_WRITTEN_H

/* The protocol in the envelope of what qmgr writes itself: reports to senders,
 * notices of bad/ to the postmaster, what recipients' scripts send. */
#define WRITTEN_REPORT    "REPORT"
#define WRITTEN_NOTICE    "NOTICE"
#define WRITTEN_LETTER    "SIEVE"
#define WRITTEN_AGGREGATE "AGGREGATE" /* of reporter, to other hosts */

#endif
