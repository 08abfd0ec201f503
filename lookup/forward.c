/* SPDX-License-Identifier: ISC */
#include "lookup/forward.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "log/log.h"
#include "lookup/conf.h"
#include "lookup/plan.h"
#include "lookup/srs.h"
#include "proto/address.h"
#include "proto/domain.h"

/* A question of qmgr. */
struct forward {
	TAILQ_ENTRY(forward) link;
	struct ipc *peer;
	uint64_t id;
	char *sender;
	struct lookup_srs srs;
};

static TAILQ_HEAD(, forward) open_questions = TAILQ_HEAD_INITIALIZER(
    open_questions);

static void
forward_free(struct forward *f)
{
	lookup_srs_cancel(&f->srs);
	TAILQ_REMOVE(&open_questions, f, link);
	free(f->sender);
	free(f);
}

static void
reply(struct forward *f, enum found found, struct slice sender)
{
	IPC_SEND(f->peer, lookup_forward_as, .id = f->id,
	    .found = (uint32_t)found, .sender = sender);
	forward_free(f);
}

static void
on_made(struct lookup_srs *s, enum found found, struct slice address,
    const char *why)
{
	struct forward *f = OUTER(s, struct forward, srs);

	if (found == ABSENT)
		log_info("srs.unchanged", kv_s("address", f->sender),
		    kv_s("why", why));
	reply(f, found, address);
}

/* The SPF of our own domains is for this host. */
void
lookup_on_forward(struct ipc *peer, struct msg *m)
{
	const struct msg_lookup_forward *in = &m->lookup_forward;
	struct forward *f = xcalloc(1, sizeof *f);
	struct buf ascii = { .max = ADDRESS_DOMAIN_MAX };
	struct slice local, domain;
	enum found ours = FOUND;

	f->peer = peer;
	f->id = in->id;
	f->sender = xslicedup(in->sender);
	TAILQ_INSERT_TAIL(&open_questions, f, link);
	address_split(in->sender, &local, &domain);
	if (domain.n > 0 && lookup_conf->shared.srs_domain[0] != '\0')
		ours = lookup_plan_domain(domain_to_ascii(domain, &ascii)
					      ? buf_slice(&ascii)
					      : domain);
	buf_fini(&ascii);
	if (ours == ABSENT)
		lookup_srs_ask(&f->srs, false, in->sender, on_made);
	else
		reply(f, ours == FOUND ? ABSENT : TEMPFAIL, SLICE(""));
}

void
lookup_forward_on_gone(struct ipc *peer)
{
	struct forward *f, *next;

	for (f = TAILQ_FIRST(&open_questions); f != NULL; f = next) {
		next = TAILQ_NEXT(f, link);
		if (f->peer == peer)
			forward_free(f);
	}
}
