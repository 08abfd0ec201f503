/* SPDX-License-Identifier: ISC */
#include "auth/penalty.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "sys/addr.h"

enum { KEY_MAX = 1 + 64 + 1024, ACCOUNT_FREE = 20, ACCOUNT_MAX_MS = 2000 };

TAILQ_HEAD(records, penalty_record);

struct penalty_record {
	TAILQ_ENTRY(penalty_record) link; /* least recently used first */
	unsigned failures;
	unsigned booked; /* turns given out: taken for failures until known */
	bool good;       /* a pair that was right once */
	int64_t last_ms; /* of the failures */
	int64_t next_ms; /* when the next turn is */
	size_t n;
	char key[];
};

struct penalty {
	const struct penalty_limits *limits;
	size_t max;
	struct map records;
	struct records used;  /* those of failures */
	struct records known; /* pairs that were right */
	size_t nknown;
};

struct penalty *
penalty_new(const struct penalty_limits *limits, size_t max)
{
	struct penalty *p = xcalloc(1, sizeof *p);

	p->limits = limits;
	p->max = max;
	map_init(&p->records);
	TAILQ_INIT(&p->used);
	TAILQ_INIT(&p->known);
	return p;
}

static void
drop(struct penalty *p, struct penalty_record *r)
{
	map_del(&p->records, slice_of(r->key, r->n));
	TAILQ_REMOVE(r->good ? &p->known : &p->used, r, link);
	p->nknown -= r->good;
	free(r);
}

void
penalty_free(struct penalty **p)
{
	if (*p == NULL)
		return;
	while (!TAILQ_EMPTY(&(*p)->used))
		drop(*p, TAILQ_FIRST(&(*p)->used));
	while (!TAILQ_EMPTY(&(*p)->known))
		drop(*p, TAILQ_FIRST(&(*p)->known));
	map_fini(&(*p)->records);
	xfree(p);
}

/* Only IPv6 sources have one. */
static bool
has_net(const struct penalty_who *who)
{
	return who->source.n == 8;
}

/* A kind, the source or its network, a NUL, the account; each as far as it
 * belongs to it. */
static struct slice
make_key(char key[KEY_MAX], char kind, const struct penalty_who *who)
{
	const struct slice source =
	    slice_sub(who->source, 0, kind == 'n' ? 6 : 64);
	const struct slice account = slice_sub(who->account, 0, 1022);
	size_t n = 0;

	key[n++] = kind;
	if (kind != 'a' && source.n > 0)
		memcpy(key + n, source.p, source.n);
	if (kind != 'a')
		n += source.n;
	if (kind == 's' || kind == 'n')
		return slice_of(key, n);
	key[n++] = '\0';
	if (account.n > 0)
		memcpy(key + n, account.p, account.n);
	return slice_of(key, n + account.n);
}

static struct penalty_record *
find(
    struct penalty *p, char kind, const struct penalty_who *who, int64_t now_ms)
{
	char key[KEY_MAX];
	struct penalty_record *r = NULL;

	if (kind == 'n' ? has_net(who) : kind != 's' || who->source.n > 0)
		r = map_find(&p->records, make_key(key, kind, who));
	if (r != NULL && r->failures > 0 &&
	    now_ms - r->last_ms > p->limits->forget_ms)
		r->failures = r->booked = 0;
	return r;
}

static struct penalty_record *
need(
    struct penalty *p, char kind, const struct penalty_who *who, int64_t now_ms)
{
	struct penalty_record *r = find(p, kind, who, now_ms);
	char key[KEY_MAX];
	struct slice k;

	if (r != NULL) {
		struct records *list = r->good ? &p->known : &p->used;

		TAILQ_REMOVE(list, r, link);
		TAILQ_INSERT_TAIL(list, r, link);
		return r;
	}
	if (p->records.count - p->nknown >= p->max)
		drop(p, TAILQ_FIRST(&p->used));
	k = make_key(key, kind, who);
	r = xcalloc(1, sizeof *r + k.n);
	r->n = k.n;
	memcpy(r->key, k.p, k.n);
	map_put(&p->records, k, r);
	TAILQ_INSERT_TAIL(&p->used, r, link);
	return r;
}

static int64_t
delay_of(const struct penalty *p, const struct penalty_record *r, unsigned free,
    int64_t max_ms)
{
	int64_t ms = p->limits->base_ms;

	if (r == NULL || r->failures < free)
		return 0;
	for (unsigned i = free; i < r->failures + r->booked && ms < max_ms; i++)
		ms *= 2;
	return ms < max_ms ? ms : max_ms;
}

static int64_t
until_turn(const struct penalty_record *r, int64_t now_ms)
{
	return r != NULL && r->failures > 0 && r->next_ms > now_ms
		   ? r->next_ms - now_ms
		   : 0;
}

/* The next turn is a delay after this one, which begins at START_MS. */
static void
book(const struct penalty *p, struct penalty_record *r, int64_t start_ms,
    unsigned free)
{
	const int64_t delay_ms = delay_of(p, r, free, p->limits->max_ms);

	if (r == NULL || delay_ms == 0)
		return;
	r->booked++;
	if (r->next_ms < start_ms + delay_ms)
		r->next_ms = start_ms + delay_ms;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
look(
    struct penalty *p, const struct penalty_who *who, int64_t now_ms, bool take)
{
	struct penalty_record *pair = find(p, 'p', who, now_ms);
	struct penalty_record *source = find(p, 's', who, now_ms);
	struct penalty_record *net = find(p, 'n', who, now_ms);
	const struct penalty_record *account = find(p, 'a', who, now_ms);
	const bool good = pair != NULL && pair->good;
	int64_t wait = until_turn(pair, now_ms);

	if (!good) {
		wait = larger(wait, until_turn(source, now_ms));
		wait = larger(wait, until_turn(net, now_ms));
		wait = larger(
		    wait, delay_of(p, account, ACCOUNT_FREE, ACCOUNT_MAX_MS));
	}
	if (wait > PENALTY_WAIT_MAX_MS)
		return -1;
	if (!take)
		return wait;
	book(p, pair, now_ms + wait, p->limits->free_pair);
	if (!good) {
		book(p, source, now_ms + wait, p->limits->free_source);
		book(p, net, now_ms + wait,
		    p->limits->free_source * PENALTY_NET);
	}
	return wait;
}

int64_t
penalty_wait(struct penalty *p, const struct penalty_who *who, int64_t now_ms)
{
	return look(p, who, now_ms, true);
}

int64_t
penalty_peek(struct penalty *p, const struct penalty_who *who, int64_t now_ms)
{
	return look(p, who, now_ms, false);
}

static void
count(struct penalty *p, char kind, const struct penalty_who *who,
    int64_t now_ms, unsigned free)
{
	struct penalty_record *r = need(p, kind, who, now_ms);
	int64_t next_ms;

	r->failures++;
	r->booked -= r->booked > 0;
	r->last_ms = now_ms;
	next_ms = now_ms + delay_of(p, r, free, p->limits->max_ms);
	if (r->next_ms < next_ms)
		r->next_ms = next_ms;
}

void
penalty_failed(struct penalty *p, const struct penalty_who *who, int64_t now_ms)
{
	count(p, 'p', who, now_ms, p->limits->free_pair);
	if (who->source.n > 0)
		count(p, 's', who, now_ms, p->limits->free_source);
	if (has_net(who))
		count(
		    p, 'n', who, now_ms, p->limits->free_source * PENALTY_NET);
	count(p, 'a', who, now_ms, ACCOUNT_FREE);
}

/* The pair stays known as long as there is room among those that are. */
static void
make_known(struct penalty *p, struct penalty_record *r)
{
	if (r->good)
		return;
	if (p->nknown >= p->max)
		drop(p, TAILQ_FIRST(&p->known));
	TAILQ_REMOVE(&p->used, r, link);
	TAILQ_INSERT_TAIL(&p->known, r, link);
	r->good = true;
	p->nknown++;
}

void
penalty_passed(struct penalty *p, const struct penalty_who *who)
{
	struct penalty_record *r = need(p, 'p', who, 0);
	struct penalty_record *source = find(p, 's', who, 0);
	struct penalty_record *net = find(p, 'n', who, 0);

	r->failures = r->booked = 0;
	r->next_ms = 0;
	make_known(p, r);
	if (source != NULL)
		source->booked -= source->booked > 0;
	if (net != NULL)
		net->booked -= net->booked > 0;
}

bool
penalty_is_known(struct penalty *p, const struct penalty_who *who)
{
	const struct penalty_record *r = find(p, 'p', who, 0);

	return r != NULL && r->good;
}

bool
penalty_was_wrong(
    struct penalty *p, const struct penalty_who *who, int64_t now_ms)
{
	const struct penalty_record *source = find(p, 's', who, now_ms);
	const struct penalty_record *net = find(p, 'n', who, now_ms);

	return (source != NULL && source->failures > 0) ||
	       (net != NULL && net->failures >= PENALTY_NET);
}

struct slice
penalty_source(struct slice text, uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct cidr net;

	if (addr_cidr_parse(&net, text, NULL) == -1 || net.bits != 128)
		return text;
	memcpy(bytes, net.ip, sizeof net.ip);
	return slice_of(
	    bytes, memcmp(bytes, mapped, sizeof mapped) == 0 ? 16 : 8);
}
