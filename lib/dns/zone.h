/* SPDX-License-Identifier: ISC */
/*
 * Answers from a file instead of the DNS, for tests and for trying out records
 * before they are published: the text form of RFC 1035 5.1 with $ORIGIN and
 * $TTL, quotes, \DDD, comments and parentheses.  Names without a final dot are
 * relative to $ORIGIN, which is the root at the beginning.  A, AAAA, MX, TXT,
 * SRV, TLSA, PTR and CNAME are answered; of other types is known that the name
 * is there. The word FAIL in place of a type makes every other question about
 * the name fail for now.  Wildcards have no meaning here.
 */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include "base/err.h"
#include "base/slice.h"
#include "dns/answers.h"

struct dns_zone;

/* NULL: ERR (ERR_PERM) names the line and what is wrong with it. */
struct dns_zone *dns_zone_parse(struct slice text, struct err *err);
void dns_zone_free(struct dns_zone **zone);
/* Answer all that is wanted. */
void dns_zone_answer(const struct dns_zone *zone, struct dns_answers *answers);

#endif
