/* SPDX-License-Identifier: ISC */
/* Messages that smtpd brings (lib/ipc/qmgr.def). */
#ifndef QMGR_RUN_INTAKE_H
#define QMGR_RUN_INTAKE_H

struct ipc;
struct msg;

void intake_init(void);
void intake_on_part(struct ipc *peer, struct msg *m);
void intake_on_open(struct ipc *peer, struct msg *m);
void intake_on_file(struct ipc *peer, struct msg *m);
void intake_on_read(struct ipc *peer, struct msg *m);
void intake_on_commit(struct ipc *peer, struct msg *m);
void intake_on_abort(struct ipc *peer, struct msg *m);
/* PEER is gone: what it did not commit is discarded. */
void intake_forget(struct ipc *peer);
/* Nothing new from here on. */
void intake_stop(void);

#endif
