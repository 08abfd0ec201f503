/* SPDX-License-Identifier: ISC */
/*
 * One login, from auth_check to auth_checked: find the account, wait out what
 * its failures cost, have the password hashed, answer.  The answer says the
 * same, and takes the same work, for a wrong name and a wrong password.
 */
#ifndef AUTH_CHECK_H
#define AUTH_CHECK_H

#include "base/err.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"

/* Once, when the sandbox has been entered. */
int auth_check_start(int tables_dir, struct err *err);
/* Can the tables be opened, and those that are there be read?  Nothing of it
 * stays. */
int auth_check_try(int tables_dir, struct err *err);
/* auth_conf is new: open the tables it names. */
int auth_check_configure(struct err *err);
void auth_check_stop(void);

/* Handlers of messages (ipc/auth.h). */
void auth_on_check(struct ipc *peer, struct msg *m);
void auth_on_scram(struct ipc *peer, struct msg *m);
void auth_on_forget(struct ipc *peer, struct msg *m);
/* PEER is gone: nobody waits for its answers. */
void auth_on_gone(struct ipc *peer);

#endif
