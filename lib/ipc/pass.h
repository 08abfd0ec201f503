/* SPDX-License-Identifier: ISC */
/* Channels for somebody in particular. */
#ifndef IPC_PASS_H
#define IPC_PASS_H

#include <stdint.h>

#include "base/slice.h"
#include "ipc/ipc.h"
#include "ipc/role.h"

struct ipc;

/* Whom a channel is for, as master said (copied). */
struct ipc_pass {
	struct slice account; /* "alice@example.org"; empty: of all in home */
	struct slice home;    /* where its mail is: beneath the mail root */
	uint64_t quota, quota_messages; /* 0: no limit */
	/* Sessions of the account from the same address that wait in parking:
	 * for imapd, of one that logs in. */
	uint32_t parked;
	struct slice guest;  /* who comes, where that is not its owner */
	struct slice groups; /* in which he is, a line for each */
};
/* PASS may be NULL: for nobody any more. */
void ipc_set_pass(struct ipc *peer, const struct ipc_pass *pass);
/* NULL: nobody in particular. */
const struct ipc_pass *ipc_pass(const struct ipc *peer);

/* A channel of one use to the process of ROLE that TICKET opens: the caller's,
 * who ends it with ipc_hangup (also inside an on_reply); open calls fail then.
 */
struct ipc *ipc_dial(enum role role, struct slice ticket);
void ipc_hangup(struct ipc **peer);

/* In the child of a fork, after ev_init: the channel to master is the parent's,
 * and this process gets its own.  There must be no others. */
void ipc_forget_master(void);

#endif
