/* SPDX-License-Identifier: ISC */
#include "auth/ticket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "tls/digest.h"

struct ticket {
	TAILQ_ENTRY(ticket) link; /* oldest first: all live equally long */
	int64_t expires_ms;
	uint8_t number[AUTH_TICKET_SIZE];
	char *service, *account, *home;
	uint32_t uid;
	uint64_t quota;
};

struct tickets {
	size_t max;
	struct map by_number;
	TAILQ_HEAD(, ticket) order;
	struct ticket *given; /* what the last redemption told of */
};

struct tickets *
tickets_new(size_t max)
{
	struct tickets *t = xcalloc(1, sizeof *t);

	t->max = max;
	map_init(&t->by_number);
	TAILQ_INIT(&t->order);
	return t;
}

static void
ticket_free(struct ticket **ticket)
{
	struct ticket *k = *ticket;

	*ticket = NULL;
	if (k == NULL)
		return;
	explicit_bzero(k->number, sizeof k->number);
	free(k->service);
	free(k->account);
	free(k->home);
	free(k);
}

static struct ticket *
take(struct tickets *t, struct ticket *k)
{
	map_del(&t->by_number, slice_of(k->number, sizeof k->number));
	TAILQ_REMOVE(&t->order, k, link);
	return k;
}

static void
drop_first(struct tickets *t)
{
	struct ticket *k = take(t, TAILQ_FIRST(&t->order));

	ticket_free(&k);
}

void
tickets_free(struct tickets **t)
{
	if (*t == NULL)
		return;
	while (!TAILQ_EMPTY(&(*t)->order))
		drop_first(*t);
	ticket_free(&(*t)->given);
	map_fini(&(*t)->by_number);
	xfree(t);
}

size_t
tickets_count(const struct tickets *t)
{
	return t->by_number.count;
}

static void
expire(struct tickets *t, int64_t now_ms)
{
	const struct ticket *k;

	while ((k = TAILQ_FIRST(&t->order)) != NULL && k->expires_ms <= now_ms)
		drop_first(t);
}

void
tickets_issue(struct tickets *t, const struct ticket_facts *facts,
    int64_t now_ms, uint8_t out[AUTH_TICKET_SIZE])
{
	struct ticket *k = xcalloc(1, sizeof *k);

	expire(t, now_ms);
	if (t->by_number.count >= t->max)
		drop_first(t);
	digest_random(k->number, sizeof k->number);
	k->expires_ms = now_ms + AUTH_TICKET_MS;
	k->service = xslicedup(facts->service);
	k->account = xslicedup(facts->account);
	k->home = xslicedup(facts->home);
	k->uid = facts->uid;
	k->quota = facts->quota;
	map_put(&t->by_number, slice_of(k->number, sizeof k->number), k);
	TAILQ_INSERT_TAIL(&t->order, k, link);
	memcpy(out, k->number, sizeof k->number);
}

bool
tickets_redeem(struct tickets *t, struct slice number, struct slice service,
    uint32_t uid, int64_t now_ms, struct ticket_facts *facts)
{
	struct ticket *k;

	expire(t, now_ms);
	k = map_find(&t->by_number, number);
	if (k == NULL)
		return false;
	ticket_free(&t->given);
	t->given = take(t, k);
	*facts = (struct ticket_facts){
		.service = slice_str(k->service),
		.account = slice_str(k->account),
		.home = slice_str(k->home),
		.uid = k->uid,
		.quota = k->quota,
	};
	return slice_eq(facts->service, service) && facts->uid == uid;
}
