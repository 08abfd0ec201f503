/* SPDX-License-Identifier: ISC */
#include "lookup/published.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/mem.h"
#include "dkim/key.h"
#include "dns/resolver.h"
#include "ipc/ipc.h"

/* A question of a peer. */
struct published {
	TAILQ_ENTRY(published) link;
	struct ipc *peer;
	uint64_t id;
	char *key;
	struct dns_query query;
};

static TAILQ_HEAD(, published) open_questions = TAILQ_HEAD_INITIALIZER(
    open_questions);

static void
published_free(struct published *p)
{
	dns_cancel(&p->query);
	TAILQ_REMOVE(&open_questions, p, link);
	free(p->key);
	free(p);
}

static void
on_answer(struct dns_query *q, const struct dns_answer *answer)
{
	struct published *p = OUTER(q, struct published, query);
	enum found found = answer->found == TEMPFAIL ? TEMPFAIL : ABSENT;

	for (size_t i = 0; answer->found == FOUND && i < answer->n; i++)
		if (dkim_key_shows(answer->records[i].txt, slice_str(p->key)))
			found = FOUND;
	IPC_SEND(p->peer, lookup_published_is, .id = p->id,
	    .found = (uint32_t)found,
	    .other = found == ABSENT && answer->found == FOUND);
	published_free(p);
}

void
lookup_on_published(struct ipc *peer, struct msg *m)
{
	const struct msg_lookup_published *in = &m->lookup_published;
	struct published *p = xcalloc(1, sizeof *p);

	p->peer = peer;
	p->id = in->id;
	p->key = xslicedup(in->key);
	TAILQ_INSERT_TAIL(&open_questions, p, link);
	dns_ask(&p->query, in->name, DNS_TXT, on_answer);
}

void
lookup_published_on_gone(struct ipc *peer)
{
	struct published *p, *next;

	for (p = TAILQ_FIRST(&open_questions); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (p->peer == peer)
			published_free(p);
	}
}
