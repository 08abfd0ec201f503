/* SPDX-License-Identifier: ISC */
/*
 * Messages that scripts send at IMAP events (ipc/letter.def).  imapd has read a
 * client's bytes, so what it says is bounded: its letters are of an account
 * that its process has, as master and lookup have it, come from that account,
 * count with what else the account's scripts send, and are not signed.
 */
#ifndef QMGR_RUN_EVENTLETTER_H
#define QMGR_RUN_EVENTLETTER_H

struct ipc;
struct msg;

/* letter_begin, letter_bytes */
void eventletter_on_begin(struct ipc *peer, struct msg *m);
void eventletter_on_bytes(struct ipc *peer, struct msg *m);
void eventletter_forget(const struct ipc *peer);

#endif
