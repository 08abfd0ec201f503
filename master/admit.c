/* SPDX-License-Identifier: ISC */
#include "master/admit.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

enum { ADMIT_MAX = 10000, VISITORS_MAX = 2000 };

static struct map by_ticket;
static unsigned visitors;
static TAILQ_HEAD(, admission) order = TAILQ_HEAD_INITIALIZER(order);

static struct slice
ticket_of(const struct admission *a)
{
	return slice_of(a->ticket, sizeof a->ticket);
}

void
admit_free(struct admission **ap)
{
	struct admission *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	explicit_bzero(a->ticket, sizeof a->ticket);
	free(a->account);
	free(a->home);
	free(a->place);
	free(a->address);
	free(a->guest);
	free(a->groups);
	free(a);
}

static struct admission *
take(struct admission *a)
{
	map_del(&by_ticket, ticket_of(a));
	TAILQ_REMOVE(&order, a, link);
	visitors -= a->guest != NULL;
	return a;
}

static void
drop_first(void)
{
	struct admission *a = take(TAILQ_FIRST(&order));

	admit_free(&a);
}

static void
expire(int64_t now_ms)
{
	const struct admission *a;

	while ((a = TAILQ_FIRST(&order)) != NULL && a->expires_ms <= now_ms)
		drop_first();
}

bool
admit_has_room(void)
{
	return visitors < VISITORS_MAX;
}

void
admit_put(const struct admission *from, int64_t now_ms)
{
	struct admission *a;

	expire(now_ms);
	/* Numbers of an honest auth do not repeat. */
	if (map_find(&by_ticket, ticket_of(from)) != NULL)
		return;
	if (by_ticket.count >= ADMIT_MAX)
		drop_first();
	a = xcalloc(1, sizeof *a);
	*a = *from;
	a->expires_ms = now_ms + AUTH_TICKET_MS;
	a->account = xstrdup(from->account);
	a->home = xstrdup(from->home);
	a->place = xstrdup(from->place);
	a->address = from->address != NULL ? xstrdup(from->address) : NULL;
	a->guest = from->guest != NULL ? xstrdup(from->guest) : NULL;
	a->groups = from->groups != NULL ? xstrdup(from->groups) : NULL;
	map_put(&by_ticket, ticket_of(a), a);
	TAILQ_INSERT_TAIL(&order, a, link);
	visitors += a->guest != NULL;
}

struct admission *
admit_take(struct slice ticket, unsigned login, enum role role, int64_t now_ms)
{
	struct admission *a;

	expire(now_ms);
	a = map_find(&by_ticket, ticket);
	if (a == NULL)
		return NULL;
	take(a);
	if (a->login != login || a->role != role)
		admit_free(&a);
	return a;
}

void
admit_clear(void)
{
	while (!TAILQ_EMPTY(&order))
		drop_first();
	map_fini(&by_ticket);
}
