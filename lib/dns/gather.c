/* SPDX-License-Identifier: ISC */
#include "dns/gather.h"

#include <stdlib.h>

#include "base/mem.h"
#include "dns/resolver.h"

struct dns_gather_question {
	LIST_ENTRY(dns_gather_question) link;
	struct dns_gather *gather;
	struct dns_query query;
	const char *name;
	enum dns_type type;
};

static void
drop_all(struct dns_gather *g)
{
	struct dns_gather_question *k;

	while ((k = LIST_FIRST(&g->open)) != NULL) {
		dns_cancel(&k->query);
		LIST_REMOVE(k, link);
		free(k);
	}
}

static void
on_deadline(struct ev_timer *t)
{
	struct dns_gather *g = OUTER(t, struct dns_gather, deadline);
	const bool waits = !LIST_EMPTY(&g->open);

	drop_all(g);
	dns_answers_give_up(g->answers);
	if (waits)
		g->on_all(g);
}

static void
on_answer(struct dns_query *q, const struct dns_answer *answer)
{
	struct dns_gather_question *k =
	    OUTER(q, struct dns_gather_question, query);
	struct dns_gather *g = k->gather;

	dns_answers_put(g->answers, slice_str(k->name), k->type, answer);
	LIST_REMOVE(k, link);
	free(k);
	if (LIST_EMPTY(&g->open))
		g->on_all(g);
}

void
dns_gather_init(struct dns_gather *g, struct dns_answers *answers,
    int64_t time_ms, void (*on_all)(struct dns_gather *))
{
	g->answers = answers;
	g->on_all = on_all;
	LIST_INIT(&g->open);
	ev_timer_init(&g->deadline, on_deadline);
	ev_timer_set(&g->deadline, time_ms);
}

bool
dns_gather_ask(struct dns_gather *g)
{
	enum dns_type type;
	const char *name;

	while (dns_answers_wanted(g->answers, &name, &type)) {
		struct dns_gather_question *k = xcalloc(1, sizeof *k);

		k->gather = g;
		k->name = name;
		k->type = type;
		LIST_INSERT_HEAD(&g->open, k, link);
		dns_ask(&k->query, slice_str(name), type, on_answer);
	}
	return !LIST_EMPTY(&g->open);
}

void
dns_gather_fini(struct dns_gather *g)
{
	drop_all(g);
	ev_timer_stop(&g->deadline);
}
