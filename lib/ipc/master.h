/* SPDX-License-Identifier: ISC */
/*
 * What master_go (lib/ipc/master.def) says: everything was handed over, now
 *
 *   GO_START   start, then master_ready; with ok = false the process ends
 *   GO_RELOAD  take the files up; master_ready says whether they count now.
 *              With ok = false all is as it was; why may be a remark, too
 *   GO_CHECK   do what a start does and changes nothing, say master_ready, end
 *
 * What master writes for `pabal start` to the descriptor of its option -n: one
 * of these lines, or what is wrong and then perhaps the second: an address is
 * held, perhaps by a daemon of a master that was killed, so try again in a
 * moment.  With -t, EX_TEMPFAIL says that.
 */
#ifndef IPC_MASTER_H
#define IPC_MASTER_H

#define NOTIFY_READY "ready\n"
#define NOTIFY_AGAIN "again\n"

enum master_go { GO_START, GO_RELOAD, GO_CHECK };

#endif
