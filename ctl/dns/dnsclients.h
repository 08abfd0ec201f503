/* SPDX-License-Identifier: ISC */
/* Where mail programs find the services of a domain: SRV records (RFC 6186,
 * RFC 8314 5.1, RFC 5804 1.8), and the names that some of them guess. */
#ifndef CTL_DNS_DNSCLIENTS_H
#define CTL_DNS_DNSCLIENTS_H

struct dnsround;

void dnsclients_check(struct dnsround *r);

#endif
