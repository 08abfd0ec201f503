/* SPDX-License-Identifier: ISC */
/*
 * Telling the postmaster of files in bad/: one message for many, at most one
 * an hour, none about a notice, none about what was never acknowledged.
 */
#ifndef QMGR_REPORT_NOTICE_H
#define QMGR_REPORT_NOTICE_H

void notice_init(void);
/* The spool has been read: tell of what an earlier process could not. */
void notice_start(void);
void notice_stop(void);

#endif
