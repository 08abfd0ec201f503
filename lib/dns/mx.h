/* SPDX-License-Identifier: ISC */
/* Which hosts take mail for a domain: MX, their addresses, the implicit MX of
 * a domain that has none (RFC 5321 5.1), null MX (RFC 7505). */
#ifndef DNS_MX_H
#define DNS_MX_H

#include "dns/mxlist.h"
#include "dns/resolver.h"

/* A search under way; embedded in what waits for it. */
struct mx_search;
struct mx_query {
	/* Runs once, never from inside mx_find; LIST is gone when it returns,
	 * WHY (for MX_TEMPFAIL and the log) too. */
	void (*on_list)(
	    struct mx_query *q, const struct mx_list *list, const char *why);
	struct mx_search *search; /* NULL: none under way */
};

/* The hosts for DOMAIN.  ADDRESS_ONLY: DOMAIN is a host ("[host]"), its MX are
 * not asked for. */
void mx_find(struct mx_query *q, struct slice domain, bool address_only,
    void (*on_list)(
	struct mx_query *, const struct mx_list *, const char *why));
/* Forget it: on_list will not run. */
void mx_cancel(struct mx_query *q);

#endif
