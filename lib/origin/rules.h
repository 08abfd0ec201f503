/* SPDX-License-Identifier: ISC */
/*
 * What policy's rules about where a client comes from say of one.  *V is all
 * zero, and stays so where a rule has nothing against it; what it points to is
 * in the arena, or borrowed from what was given.
 */
#ifndef ORIGIN_RULES_H
#define ORIGIN_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "dns/answers.h"
#include "ipc/verdict.h"
#include "origin/dnsbl.h"

struct origin_client {
	const uint8_t *ip; /* 16 bytes; NULL: not known */
	struct slice text; /* the same as text */
	struct slice helo; /* as it was sent */
	struct slice host; /* the name of this host */
};

void origin_helo_name(const struct origin_client *c, struct policy_verdict *v);
void origin_helo_own(const struct origin_client *c, struct policy_verdict *v);
void origin_helo_literal(
    const struct origin_client *c, struct policy_verdict *v);
/* False: ANSWERS wants some first. */
bool origin_helo_dns(const struct origin_client *c, struct dns_answers *answers,
    struct policy_verdict *v);
bool origin_reverse(const struct origin_client *c, struct dns_answers *answers,
    struct arena *arena, struct policy_verdict *v);
/* Of what dnsbl_check has found with N SITES and THRESHOLD. */
void origin_dnsbl(const struct origin_client *c, const struct dnsbl_site *sites,
    size_t n, int threshold, const struct dnsbl_verdict *found,
    struct arena *arena, struct policy_verdict *v);

#endif
