/* SPDX-License-Identifier: ISC */
#include "lookup/domain.h"

#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "lookup/plan.h"
#include "proto/address.h"

void
lookup_on_domain(struct ipc *peer, struct msg *m)
{
	const struct msg_lookup_domain *in = &m->lookup_domain;
	const enum found found = address_is_domain(in->domain, 0)
				     ? lookup_plan_domain(in->domain)
				     : ABSENT;

	IPC_SEND(
	    peer, lookup_domain_is, .id = in->id, .found = (uint32_t)found);
}
