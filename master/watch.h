/* SPDX-License-Identifier: ISC */
#ifndef MASTER_WATCH_H
#define MASTER_WATCH_H

/* From now on a listening socket that listens no more is bound anew, and the
 * processes that had it are replaced. */
void watch_start(void);

#endif
