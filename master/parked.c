/* SPDX-License-Identifier: ISC */
#include "master/parked.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "base/map.h"
#include "base/mem.h"

enum {
	PARKED_MAX = 1000000,
	PARKED_MAX_OF_ACCOUNT = 1000,
};

/* How many there are of a home, or of an account. */
struct number {
	unsigned n;
	struct quota quota; /* of a home's */
};

static struct map by_ticket, of_home, of_account;

static struct slice
ticket_of(const struct parked *p)
{
	return slice_of(p->ticket, sizeof p->ticket);
}

static void
enter(struct map *of, struct slice name)
{
	struct number *k = map_find(of, name);

	if (k == NULL) {
		k = xcalloc(1, sizeof *k);
		map_put(of, name, k);
	}
	k->n++;
}

static void
leave(struct map *of, struct slice name)
{
	struct number *k = map_find(of, name);

	if (k == NULL || --k->n > 0)
		return;
	map_del(of, name);
	free(k);
}

/* Whoever speaks for an account may know many homes. */
static bool
is_full(struct slice account)
{
	const struct number *k = map_find(&of_account, account);

	return by_ticket.count >= PARKED_MAX ||
	       (k != NULL && k->n >= PARKED_MAX_OF_ACCOUNT);
}

static void
parked_free(struct parked *p)
{
	leave(&of_home, slice_str(p->home));
	leave(&of_account, slice_str(p->account));
	explicit_bzero(p->ticket, sizeof p->ticket);
	free(p->account);
	free(p->home);
	free(p);
}

struct parked *
parked_new(uid_t uid, struct slice account, struct slice home,
    const struct quota *quota)
{
	struct parked *p;

	if (is_full(account))
		return NULL;
	p = xcalloc(1, sizeof *p);
	arc4random_buf(p->ticket, sizeof p->ticket);
	p->uid = uid;
	p->account = xslicedup(account);
	p->home = xslicedup(home);
	map_put(&by_ticket, ticket_of(p), p);
	enter(&of_home, slice_str(p->home));
	enter(&of_account, slice_str(p->account));
	parked_set_quota(home, quota);
	return p;
}

void
parked_set_quota(struct slice home, const struct quota *quota)
{
	struct number *k = map_find(&of_home, home);

	if (k != NULL)
		k->quota = *quota;
}

struct quota
parked_quota(const struct parked *p)
{
	const struct number *k = map_find(&of_home, slice_str(p->home));

	return k->quota;
}

struct parked *
parked_find(struct slice ticket)
{
	return map_find(&by_ticket, ticket);
}

bool
parked_has(struct slice home)
{
	return map_find(&of_home, home) != NULL;
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
