/* SPDX-License-Identifier: ISC */
#include "master/parked.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "base/map.h"
#include "base/mem.h"

enum {
	PARKED_MAX = 1000000,
	PARKED_MAX_OF_HOME = 1000,
};

/* How many there are of a home. */
struct home {
	unsigned n;
};

static struct map by_ticket, by_home;

static struct slice
ticket_of(const struct parked *p)
{
	return slice_of(p->ticket, sizeof p->ticket);
}

static struct home *
home_enter(struct slice name)
{
	struct home *h = map_find(&by_home, name);

	if (h == NULL) {
		h = xcalloc(1, sizeof *h);
		map_put(&by_home, name, h);
	}
	if (h->n >= PARKED_MAX_OF_HOME)
		return NULL;
	h->n++;
	return h;
}

static void
home_leave(struct slice name)
{
	struct home *h = map_find(&by_home, name);

	if (h == NULL || --h->n > 0)
		return;
	map_del(&by_home, name);
	free(h);
}

static void
parked_free(struct parked *p)
{
	home_leave(slice_str(p->home));
	explicit_bzero(p->ticket, sizeof p->ticket);
	free(p->account);
	free(p->home);
	free(p);
}

struct parked *
parked_new(uid_t uid, struct slice account, struct slice home, uint64_t quota)
{
	struct parked *p;

	if (by_ticket.count >= PARKED_MAX || home_enter(home) == NULL)
		return NULL;
	p = xcalloc(1, sizeof *p);
	arc4random_buf(p->ticket, sizeof p->ticket);
	p->uid = uid;
	p->account = xslicedup(account);
	p->home = xslicedup(home);
	p->quota = quota;
	map_put(&by_ticket, ticket_of(p), p);
	return p;
}

struct parked *
parked_find(struct slice ticket)
{
	return map_find(&by_ticket, ticket);
}

bool
parked_has(struct slice home)
{
	return map_find(&by_home, home) != NULL;
}

void
parked_forget(struct slice ticket)
{
	struct parked *p = map_del(&by_ticket, ticket);

	if (p != NULL)
		parked_free(p);
}

void
parked_clear(void)
{
	struct map_iter it = { 0 };

	while (map_next(&by_ticket, &it)) {
		struct parked *p = it.value;

		map_del(&by_ticket, it.key);
		parked_free(p);
	}
}
