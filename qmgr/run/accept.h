/* SPDX-License-Identifier: ISC */
/* New messages that are on disk. */
#ifndef QMGR_RUN_ACCEPT_H
#define QMGR_RUN_ACCEPT_H

struct newfile;

/* NF is safe: its message begins, or waits on disk when memory is full. */
void accept_saved(struct newfile *nf);

#endif
