/* SPDX-License-Identifier: ISC */
#include "master/parked.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "master/mailwatch.h"

enum {
	MAX_OF_ACCOUNT = 1000,
	SHARE = 8, /* times what is free then, a process may have */
};

/* What sessions are counted by; the rest of the key says which. */
enum kind { OF_HOME, OF_PROCESS, OF_ACCOUNT, OF_CLIENT, KINDS };

struct parked_number {
	unsigned n;
	struct quota quota; /* OF_HOME */
	size_t nkey;
	char key[];
};

static struct map by_ticket, numbers;
static unsigned room;

static struct slice
ticket_of(const struct parked *p)
{
	return slice_of(p->ticket, sizeof p->ticket);
}

/* The key of KIND; OUT keeps it. */
static struct slice
key_of(struct buf *out, enum kind kind, const struct parked_for *who)
{
	const struct slice parts[] = { kind == OF_HOME ? who->home
						       : who->process,
		who->account, who->address };
	const size_t n = kind == OF_CLIENT ? 3 : kind == OF_ACCOUNT ? 2 : 1;

	buf_reset(out);
	buf_addc(out, (char)('0' + kind));
	for (size_t i = 0; i < n; i++) {
		buf_addc(out, '\0');
		buf_add(out, parts[i]);
	}
	return buf_slice(out);
}

static struct parked_number *
find(enum kind kind, const struct parked_for *who)
{
	struct buf key;
	struct parked_number *k;

	buf_init(&key, SIZE_MAX / 2);
	k = map_find(&numbers, key_of(&key, kind, who));
	buf_fini(&key);
	return k;
}

static unsigned
count(enum kind kind, const struct parked_for *who)
{
	const struct parked_number *k = find(kind, who);

	return k != NULL ? k->n : 0;
}

static struct parked_number *
enter(enum kind kind, const struct parked_for *who)
{
	struct parked_number *k = find(kind, who);
	struct buf key;

	if (k == NULL) {
		buf_init(&key, SIZE_MAX / 2);
		(void)key_of(&key, kind, who);
		k = xcalloc(1, sizeof *k + key.n);
		k->nkey = key.n;
		memcpy(k->key, key.p, key.n);
		map_put(&numbers, slice_of(k->key, k->nkey), k);
		buf_fini(&key);
	}
	k->n++;
	return k;
}

static void
leave(struct parked_number *k)
{
	if (--k->n > 0)
		return;
	map_del(&numbers, slice_of(k->key, k->nkey));
	free(k);
}

/* A process may say of any session that it is of an account of its own, so
 * accounts alone bound nothing. */
static bool
is_full(const struct parked_for *who)
{
	const unsigned all = (unsigned)by_ticket.count;

	return all >= room ||
	       count(OF_PROCESS, who) >= (uint64_t)SHARE * (room - all) ||
	       count(OF_ACCOUNT, who) >= MAX_OF_ACCOUNT;
}

static void
parked_free(struct parked *p)
{
	for (size_t i = 0; i < PARKED_DIRS; i++)
		mailwatch_close(&p->watches[i]);
	for (size_t i = 0; i < KINDS; i++)
		leave(p->counted[i]);
	explicit_bzero(p->ticket, sizeof p->ticket);
	free(p->account);
	free(p->home);
	free(p);
}

void
parked_set_room(unsigned sessions)
{
	room = sessions;
}

struct parked *
parked_new(const struct parked_for *who)
{
	struct parked *p;

	if (is_full(who))
		return NULL;
	p = xcalloc(1, sizeof *p);
	arc4random_buf(p->ticket, sizeof p->ticket);
	p->uid = who->uid;
	p->account = xslicedup(who->account);
	p->home = xslicedup(who->home);
	map_put(&by_ticket, ticket_of(p), p);
	_Static_assert(ARRAY_LEN(p->counted) == KINDS, "counted");
	for (unsigned i = 0; i < KINDS; i++)
		p->counted[i] = enter((enum kind)i, who);
	p->counted[OF_HOME]->quota = who->quota;
	return p;
}

struct parked *
parked_find(struct slice ticket)
{
	return map_find(&by_ticket, ticket);
}

struct quota
parked_quota(const struct parked *p)
{
	return p->counted[OF_HOME]->quota;
}

void
parked_set_quota(struct slice home, const struct quota *quota)
{
	struct parked_number *k =
	    find(OF_HOME, &(const struct parked_for){ .home = home });

	if (k != NULL)
		k->quota = *quota;
}

bool
parked_has(struct slice home)
{
	return find(OF_HOME, &(const struct parked_for){ .home = home }) !=
	       NULL;
}

unsigned
parked_count(struct slice process, struct slice account, struct slice address)
{
	return count(OF_CLIENT,
	    &(const struct parked_for){
		.process = process, .account = account, .address = address });
}

unsigned
parked_total(void)
{
	return (unsigned)by_ticket.count;
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

	room = 0;
	while (map_next(&by_ticket, &it)) {
		struct parked *p = it.value;

		map_del(&by_ticket, it.key);
		parked_free(p);
	}
}
