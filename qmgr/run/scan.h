/* SPDX-License-Identifier: ISC */
/* Reading the spool at the start, while new mail is taken in already. */
#ifndef QMGR_RUN_SCAN_H
#define QMGR_RUN_SCAN_H

void scan_start(void);

#endif
