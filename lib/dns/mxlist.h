/* SPDX-License-Identifier: ISC */
/*
 * The hosts that take mail for a domain, in the order to try them (RFC 5321
 * 5.1).  Pure; asking for them is dns/mx.h.
 */
#ifndef DNS_MXLIST_H
#define DNS_MXLIST_H

#include "base/buf.h"
#include "dns/wire.h"

enum { MX_HOSTS_MAX = 16, MX_ADDRS_MAX = 8 };

struct mx_host {
	char name[DNS_NAME_MAX];
	uint16_t preference;
	bool secure;    /* name and addresses validated by DNSSEC */
	bool self;      /* an address is one of this host */
	bool temporary; /* some address could not be looked up for now */
	uint8_t ip[MX_ADDRS_MAX][16]; /* IPv4 as ::ffff:a.b.c.d */
	size_t naddrs;
};

enum mx_kind {
	MX_HOSTS,      /* at least one host with an address */
	MX_NULL,       /* the domain says that it takes no mail (RFC 7505) */
	MX_NO_DOMAIN,  /* no such name */
	MX_NO_ADDRESS, /* neither MX nor address, or no MX host has one */
	MX_TEMPFAIL,
};

struct mx_list {
	enum mx_kind kind;
	struct mx_host hosts[MX_HOSTS_MAX];
	size_t n;
};

/* Take the hosts of an MX answer, best MX_HOSTS_MAX first: by preference,
 * equal ones in random order, no name twice.  RANDOM gives 0 to n - 1. */
void mxlist_take(struct mx_list *list, const struct dns_answer *answer,
    uint32_t (*random)(uint32_t n));
/* Add the addresses of an A or AAAA answer to a host, in random order. */
void mxlist_host_take(struct mx_host *host, enum dns_type type,
    const struct dns_answer *answer, uint32_t (*random)(uint32_t n));
/* All addresses are in: alternate IPv6 and IPv4 (one that is broken costs one
 * try), drop hosts without, and set kind unless it is set already. */
void mxlist_finish(struct mx_list *list);

/* A host of that name is ourselves, and with BY_ADDRESS one that has `self`: it
 * and all hosts with its preference or a worse one are dropped, or mail would
 * come back here (RFC 5321 5.1).  True when there was one. */
bool mxlist_drop_self(struct mx_list *list, struct slice self, bool by_address);

/* HOSTS, of MX_HOSTS_MAX, by name: the same in whatever order the DNS has them.
 */
void mxlist_by_name(const struct mx_list *list, const struct mx_host **hosts);

/* As lines "preference name secure|insecure self|other address..." and back;
 * false when TEXT has not that form. */
void mxlist_format(const struct mx_list *list, struct buf *out);
bool mxlist_parse(struct slice text, struct mx_list *list);

#endif
