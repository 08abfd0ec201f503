/* SPDX-License-Identifier: ISC */
/* Who may send mail to anywhere through this host without logging in. */
#ifndef CTL_CHECK_RELAY_H
#define CTL_CHECK_RELAY_H

struct cidr;

enum relay_reach {
	RELAY_OWN,    /* private addresses, or a public network of one site */
	RELAY_WIDE,   /* more public addresses than a site has */
	RELAY_ANYONE, /* a good part of the network */
};

/* Whom a network of trusted_networks lets in. */
enum relay_reach relay_reach(const struct cidr *net);

#endif
