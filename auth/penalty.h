/* SPDX-License-Identifier: ISC */
/*
 * What guessing costs.  Failures are counted for the pair of account and
 * source, for the source (an IPv4 address, an IPv6 /64), for the network of an
 * IPv6 source (/48, which allows PENALTY_NET times as many), and for the
 * account:
 *
 *   pair, source,  attempts take turns, each a growing delay after the last
 *   network
 *   account        each attempt waits a short, fixed while, in no queue, so
 *                  that nobody can lock the owner out
 *
 * A pair that has been right before is held up by its own failures only.
 * Times are milliseconds of any clock that runs forward.
 */
#ifndef AUTH_PENALTY_H
#define AUTH_PENALTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct penalty_limits {
	int64_t base_ms;    /* the first delay; it doubles with each failure */
	int64_t max_ms;     /* the longest */
	int64_t forget_ms;  /* without a failure for so long: none */
	unsigned free_pair; /* failures that cost nothing */
	unsigned free_source;
};

struct penalty_who {
	struct slice source; /* empty: counted for the account only */
	struct slice account;
};

/* Who waits longer than this is refused instead. */
enum { PENALTY_WAIT_MAX_MS = 30000 };

enum { PENALTY_NET = 5 };

struct penalty;

/* LIMITS is borrowed, and may change. */
struct penalty *penalty_new(const struct penalty_limits *limits, size_t max);
void penalty_free(struct penalty **p);

/* How long this attempt must wait, and book its turn; -1: more attempts wait
 * already than can be served.  penalty_peek only looks. */
int64_t penalty_wait(
    struct penalty *p, const struct penalty_who *who, int64_t now_ms);
int64_t penalty_peek(
    struct penalty *p, const struct penalty_who *who, int64_t now_ms);
/* Has the pair been right before?  Such pairs are forgotten only for others
 * like them, so that no number of guesses makes them unknown. */
bool penalty_is_known(struct penalty *p, const struct penalty_who *who);
/* Were there failures from the source, or its network, of late? */
bool penalty_was_wrong(
    struct penalty *p, const struct penalty_who *who, int64_t now_ms);
/* How it went. */
void penalty_failed(
    struct penalty *p, const struct penalty_who *who, int64_t now_ms);
void penalty_passed(struct penalty *p, const struct penalty_who *who);

/* The source for TEXT, an address as text: 16 bytes of it for IPv4, 8 for
 * IPv6; the text itself when it is none.  BYTES holds 16. */
struct slice penalty_source(struct slice text, uint8_t bytes[16]);

#endif
