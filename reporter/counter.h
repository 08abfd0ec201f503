/* SPDX-License-Identifier: ISC */
/* Messages that policy tells of, and sessions that smtp does, on their way into
 * the table: a second's at a time, so that they are one transaction.  Nobody
 * waits; what is too much is dropped, and counted. */
#ifndef REPORTER_COUNTER_H
#define REPORTER_COUNTER_H

struct ipc;
struct msg;

void counter_init(void);
/* report_dmarc */
void counter_on_dmarc(struct ipc *peer, struct msg *m);
/* report_tls */
void counter_on_tls(struct ipc *peer, struct msg *m);
/* All that was told into the table, now. */
void counter_flush(void);

#endif
