/* SPDX-License-Identifier: ISC */
#include "lookup/srs.h"

#include "base/mem.h"
#include "lookup/conf.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "srs/srs.h"

enum { TIMEOUT_MS = 10000 };

static const char *const words[SRS_RESULTS] = {
	[SRS_DONE] = "",
	[SRS_NONE] = "it is not an address of this kind",
	[SRS_LONG] = "its local part would be too long",
	[SRS_FORGED] = "it was not made here, or was changed",
	[SRS_EXPIRED] = "it has expired",
};

static void
on_answer(struct ipc_call *call, struct msg *m)
{
	struct lookup_srs *s = OUTER(call, struct lookup_srs, call);
	const uint32_t rc = m != NULL ? m->keys_srs_is.result : SRS_RESULTS;

	if (rc >= SRS_RESULTS)
		s->done(s, TEMPFAIL, SLICE(""), "");
	else
		s->done(s, rc == SRS_DONE ? FOUND : ABSENT,
		    m->keys_srs_is.address, words[rc]);
}

void
lookup_srs_ask(
    struct lookup_srs *s, bool back, struct slice address, lookup_srs_fn *done)
{
	s->done = done;
	IPC_CALL(ipc_link(ROLE_KEYS, 0, 0), &s->call, keys_srs_is, on_answer,
	    TIMEOUT_MS, keys_srs, .back = back, .address = address);
}

bool
lookup_srs_domain(struct slice domain)
{
	const char *own = lookup_conf->shared.srs_domain;

	return own[0] != '\0' && domain_same(domain, slice_str(own));
}

bool
lookup_srs_back(struct lookup_srs *s, struct slice address, lookup_srs_fn *done)
{
	struct slice local, domain;

	address_split(address, &local, &domain);
	if (!lookup_srs_domain(domain) || !srs_is(address))
		return false;
	lookup_srs_ask(s, true, address, done);
	return true;
}

void
lookup_srs_cancel(struct lookup_srs *s)
{
	ipc_cancel(&s->call);
}
