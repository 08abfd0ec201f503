/* SPDX-License-Identifier: ISC */
/*
 * Messages that recipients' scripts send: local has run them (sieve), and says
 * what is in a letter and to whom.  What it may say so is bounded by what it
 * has: a letter belongs to a recipient of a job that it works on, its sender is
 * not local's to choose, and there are so many of them.  Reports of this host
 * go the same way.
 */
#ifndef QMGR_RUN_LETTER_H
#define QMGR_RUN_LETTER_H

struct ipc;
struct msg;

void letter_init(void);
/* report_part, report_letter: reports of this host to others, of reporter. */
void letter_on_report_part(struct ipc *peer, struct msg *m);
void letter_on_report(struct ipc *peer, struct msg *m);
/* job_letter_part, job_letter */
void letter_on_part(struct ipc *peer, struct msg *m);
void letter_on_letter(struct ipc *peer, struct msg *m);
void letter_forget(struct ipc *peer);

#endif
