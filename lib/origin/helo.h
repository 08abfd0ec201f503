/* SPDX-License-Identifier: ISC */
/* What a client's HELO or EHLO says of it.  All but the DNS is asked without
 * the DNS; HELO is the argument, as it was sent. */
#ifndef ORIGIN_HELO_H
#define ORIGIN_HELO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "dns/answers.h"

/* Neither an address literal nor a name that a host on the Internet can have:
 * a single word, a bare address, or beneath local, localdomain, localhost. */
bool helo_is_no_name(struct slice helo);
/* HOSTNAME, whatever its case. */
bool helo_is_own(struct slice helo, struct slice hostname);
/* An address literal that is not IP, or no address at all. */
bool helo_is_other_literal(struct slice helo, const uint8_t ip[16]);
/* Has the name an address or MX?  FOUND also for literals.  False: ANSWERS
 * wants some first. */
bool helo_resolves(
    struct slice helo, struct dns_answers *answers, enum found *found);

#endif
