/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_WRITTEN_H
#define QUEUE_WRITTEN_H

/* The protocol in the envelope of what qmgr writes itself: reports to senders,
 * notices of bad/ to the postmaster, what recipients' scripts send. */
#define WRITTEN_REPORT    "REPORT"
#define WRITTEN_NOTICE    "NOTICE"
#define WRITTEN_LETTER    "SIEVE"
#define WRITTEN_AGGREGATE "AGGREGATE" /* of reporter, to other hosts */
/* The same; it goes whatever other domains want of TLS, and is not reported of
 * itself (RFC 8460 3). */
#define WRITTEN_TLS_REPORT "TLSRPT"

#endif
