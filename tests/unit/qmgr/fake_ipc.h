/* SPDX-License-Identifier: ISC */
/* Peers of qmgr that are no processes: what lib/ipc would say of them.  What is
 * sent to them, and asked, is each test's own. */
#ifndef TESTS_UNIT_QMGR_FAKE_IPC_H
#define TESTS_UNIT_QMGR_FAKE_IPC_H

#include <sys/types.h>

#include "ipc/ipc.h"
#include "ipc/pass.h"

struct ipc {
	enum role role;
	uid_t uid;
	unsigned dropped;
};

enum role
ipc_role(const struct ipc *peer)
{
	return peer->role;
}

uid_t
ipc_uid(const struct ipc *peer)
{
	return peer->uid;
}

/* None is for an account. */
const struct ipc_pass *
ipc_pass(const struct ipc *peer)
{
	(void)peer;
	return NULL;
}

void
ipc_cancel(struct ipc_call *call)
{
	call->id = 0;
}

#endif
