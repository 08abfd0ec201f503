/* SPDX-License-Identifier: ISC */
/* The MTA-STS policy of a domain, twice: as other hosts get it, and as httpd
 * here publishes it (ctl/dns/dnscheck.h). */
#ifndef CTL_DNS_DNSPOLICY_H
#define CTL_DNS_DNSPOLICY_H

#include <stdbool.h>

#include "base/buf.h"
#include "ctl/inst/target.h"

struct ctl;
struct dnscheck_sts;

struct dnspolicy {
	struct target httpd; /* its configuration */
	struct buf fetched, mx;
};

/* Fill in STS, which lies within P then.  FETCH: sts is to get it now.  -1: the
 * configuration cannot be read, and that was said.  P is to be let go of in any
 * case. */
int dnspolicy_find(struct dnspolicy *p, struct ctl *ctl, const char *domain,
    const char *hostname, bool fetch, struct dnscheck_sts *sts);
void dnspolicy_fini(struct dnspolicy *p);

#endif
