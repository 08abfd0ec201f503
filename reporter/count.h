/* SPDX-License-Identifier: ISC */
/* Messages that policy tells of, on their way into the table: a second's at a
 * time, so that they are one transaction.  Nobody waits; what is too much is
 * dropped, and counted. */
#ifndef REPORTER_COUNT_H
#define REPORTER_COUNT_H

struct ipc;
struct msg;

void count_init(void);
/* report_dmarc */
void count_on_dmarc(struct ipc *peer, struct msg *m);
/* All that was told into the table, now. */
void count_flush(void);

#endif
