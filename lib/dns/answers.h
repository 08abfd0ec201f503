/* SPDX-License-Identifier: ISC */
/*
 * What is known of the DNS so far, and what is still to be asked.  Rules that
 * need answers are plain functions that read them here: one that is not there
 * yet is noted as wanted, and the function is called again when it has come.
 * So it keeps no state; who calls it asks (dns/gather.h, dns/zone.h).
 */
#ifndef DNS_ANSWERS_H
#define DNS_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/slice.h"
#include "dns/wire.h"

/* More questions than these in one set are answered TEMPFAIL. */
enum { DNS_ANSWERS_MAX = 512 };

struct dns_known;

struct dns_answers {
	struct arena arena;
	struct map known;
	struct dns_known *first, **last; /* in the order they were wanted */
	struct dns_known *next;          /* the first that nobody asks for */
	size_t n;
	bool given_up;
};

void dns_answers_init(struct dns_answers *a);
void dns_answers_fini(struct dns_answers *a);

/* The answer for NAME (no final dot needed; case ignored; U-labels are
 * A-labels), which stands as long as A does.  NULL: not known yet; it is wanted
 * then.  What cannot stand in the DNS is ABSENT and not asked for. */
const struct dns_answer *dns_answers_get(
    struct dns_answers *a, struct slice name, enum dns_type type);

/* A question that nobody asks yet: *NAME (A-labels, lower case) and *TYPE,
 * once each.  False: there is none. */
bool dns_answers_wanted(
    struct dns_answers *a, const char **name, enum dns_type *type);
/* Nobody waits any more: what was given out and has no answer is wanted. */
void dns_answers_again(struct dns_answers *a);
/* Its answer, which is copied; one nobody wanted may be given ahead. */
void dns_answers_put(struct dns_answers *a, struct slice name,
    enum dns_type type, const struct dns_answer *answer);
/* No time is left: what is not known is TEMPFAIL from now on. */
void dns_answers_give_up(struct dns_answers *a);

#endif
