/* SPDX-License-Identifier: ISC */
/* Whether a user who has logged in may send in the name of an address
 * (lookup_owned): his own, with any detail, one that an alias leads to him
 * from, or one that the table senders gives him; for smtpd also one that is
 * rewritten to one of these.  Or which are his alone: his own, and aliases that
 * lead to nobody else. */
#ifndef LOOKUP_OWNED_H
#define LOOKUP_OWNED_H

struct ipc;
struct msg;

void lookup_on_owned(struct ipc *peer, struct msg *m);
void lookup_owned_on_gone(struct ipc *peer);

#endif
