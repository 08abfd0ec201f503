/* SPDX-License-Identifier: ISC */
/*
 * Whose password is hashed next.  Hashes are slow on purpose, so whoever sends
 * guesses must not have others wait for his.
 *
 *   class    who was right from there before goes first; who was never wrong
 *            comes before who was; but each class gets its turns
 *   network  within a class networks take turns: an IPv4 address, an IPv6 /48
 *   source   within a network its sources do: an IPv6 /64
 *
 * In one source it is first come, first served.  Nothing here looks at a clock.
 */
#ifndef AUTH_FAIR_H
#define AUTH_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/slice.h"

enum fair_class { FAIR_KNOWN, FAIR_FRESH, FAIR_WRONG, FAIR_CLASSES };

/* Of so many turns one begins with the next class. */
enum { FAIR_SHARE = 8 };

struct fair_source;

/* Embedded in what waits; zeroed before its first use. */
struct fair_entry {
	TAILQ_ENTRY(fair_entry) link;
	struct fair_source *source; /* NULL: does not wait */
};

TAILQ_HEAD(fair_nets, fair_net);

struct fair {
	struct map nets; /* by class and network */
	struct fair_nets classes[FAIR_CLASSES];
	size_t n;
	unsigned turn;
};

void fair_init(struct fair *f);
/* Nothing may wait any more. */
void fair_fini(struct fair *f);
/* E waits; SOURCE (copied) is of penalty_source: 16 bytes are an IPv4 address,
 * 8 an IPv6 /64, anything else somebody for himself. */
void fair_put(struct fair *f, struct fair_entry *e, struct slice source,
    enum fair_class class);
/* Out of it, if E waits. */
void fair_del(struct fair *f, struct fair_entry *e);
/* The one whose turn it is, taken out; NULL when nobody waits. */
struct fair_entry *fair_next(struct fair *f);
/* Who is to go when too many wait: the last of the network that has most
 * waiting in the last class.  NULL when nobody waits. */
struct fair_entry *fair_surplus(struct fair *f);

#endif
