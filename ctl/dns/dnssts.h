/* SPDX-License-Identifier: ISC */
/* What other hosts are told of TLS with those of a domain: its MTA-STS policy
 * (RFC 8461) beside its MX hosts and what this host publishes, and where it
 * wants TLS reports (RFC 8460). */
#ifndef CTL_DNS_DNSSTS_H
#define CTL_DNS_DNSSTS_H

struct dnsround;

void dnssts_check(struct dnsround *r);

#endif
