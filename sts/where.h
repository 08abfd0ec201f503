/* SPDX-License-Identifier: ISC */
/* Where a host of the web is: what the DNS says, without addresses that only
 * something inside would have (inside_networks), nor those that lead there by
 * NAT64 or 6to4. */
#ifndef STS_WHERE_H
#define STS_WHERE_H

#include <stdbool.h>

#include "base/buf.h"
#include "dns/answers.h"
#include "sys/addr.h"

struct sts_where {
	struct buf text;   /* as sts/fetch.h has them; the caller's to free */
	struct addr first; /* of them */
	const char *why;   /* NULL: there is one; else why there is none */
	bool inside;       /* that is because of inside_networks */
};

/* False: ANSWERS wants some first. */
bool sts_where(
    struct dns_answers *answers, struct slice host, struct sts_where *w);

#endif
