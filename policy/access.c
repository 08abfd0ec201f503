/* SPDX-License-Identifier: ISC */
#include "policy/access.h"

#include "base/mem.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "policy/conf.h"
#include "policy/session.h"

static void
on_found(struct ipc_call *call, struct msg *m)
{
	struct policy_access *a = OUTER(call, struct policy_access, call);
	struct policy_question *q = a->question;

	q->access.known = true;
	q->access.failed = m == NULL || m->lookup_access_found.failed;
	if (m != NULL)
		q->access.entries =
		    arena_slice(&q->arena, m->lookup_access_found.entries);
	a->on_found(a);
}

bool
policy_access_ask(struct policy_access *a, struct policy_question *q,
    void (*then)(struct policy_access *))
{
	if (q->access.facts.n == 0 || q->access.known)
		return false;
	a->question = q;
	a->on_found = then;
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &a->call, lookup_access_found,
	    on_found, policy_conf->dns_timeout, lookup_access,
	    .facts = q->access.facts);
	return true;
}

void
policy_access_fini(struct policy_access *a)
{
	ipc_cancel(&a->call);
}
