/* SPDX-License-Identifier: ISC */
#include "policy/country.h"

#include "base/mem.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "policy/conf.h"
#include "policy/session.h"

/* By XCLIENT a session is another client's. */
bool
policy_country_known(struct policy_question *q)
{
	const struct policy_session *s = q->session;

	if (!slice_eq(s->country_client, q->facts.client)) {
		q->country_wanted = true;
		return false;
	}
	q->facts.country = s->country;
	return true;
}

/* Where lookup does not answer it is as if it knew none. */
static void
on_found(struct ipc_call *call, struct msg *m)
{
	struct policy_country *c = OUTER(call, struct policy_country, call);
	struct policy_question *q = c->question;
	struct policy_session *s = q->session;

	q->country_wanted = false;
	s->country_client = arena_slice(&s->arena, q->facts.client);
	s->country =
	    m == NULL ? SLICE("")
		      : arena_slice(&s->arena, m->lookup_country_found.country);
	c->on_found(c);
}

bool
policy_country_ask(struct policy_country *c, struct policy_question *q,
    void (*then)(struct policy_country *))
{
	if (!q->country_wanted)
		return false;
	c->question = q;
	c->on_found = then;
	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &c->call, lookup_country_found,
	    on_found, policy_conf->dns_timeout, lookup_country,
	    .client = q->facts.client);
	return true;
}

void
policy_country_fini(struct policy_country *c)
{
	ipc_cancel(&c->call);
}
