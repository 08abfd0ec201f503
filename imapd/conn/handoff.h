/* SPDX-License-Identifier: ISC */
/* Sessions as login hands them in; whose they are master has said with the
 * channel they come over. */
#ifndef IMAPD_CONN_HANDOFF_H
#define IMAPD_CONN_HANDOFF_H

#include <stdbool.h>

struct ipc;
struct msg;

/* IPC: imapd_session; imapd_wanted, imapd_unpark; store_changed. */
void imapd_on_visit(struct ipc *peer, struct msg *m);
void imapd_on_session(struct ipc *peer, struct msg *m);
void imapd_on_wanted(struct ipc *peer, struct msg *m);
void imapd_on_unpark(struct ipc *peer, struct msg *m);
void imapd_on_changed(struct ipc *peer, struct msg *m);
/* PEER is gone: nobody waits for its answer. */
void imapd_on_gone(struct ipc *peer);
/* Does somebody wait to be let in? */
bool imapd_handoff_busy(void);
/* Take in no more. */
void imapd_handoff_close(void);

#endif
