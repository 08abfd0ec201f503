/* SPDX-License-Identifier: ISC */
/* An exchange of SCRAM, between the client's two messages (auth/scram.h). */
#ifndef AUTH_EXCHANGE_H
#define AUTH_EXCHANGE_H

struct auth_check;
struct ipc;
struct msg;

/* auth_conf is new. */
void exchange_configure(void);
/* What there is of C's account is known: the client's turn. */
void exchange_begin(struct auth_check *c);
/* Handler of auth_proof. */
void auth_on_proof(struct ipc *peer, struct msg *m);

#endif
