/* SPDX-License-Identifier: ISC */
/* How TLS will be used with the hosts of a next hop, and why: what smtp finds
 * before a session (smtp/route/route.c), asked of lookup and sts as it asks. */
#ifndef CTL_WHY_TLS_H
#define CTL_WHY_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct instance;
struct qroute;

enum { WHY_TLS_HOSTS = 6 /* told of */ };

struct why_tls_host {
	struct slice host;
	/* none, may, encrypt, verify, dane, sts, sts-testing; "-": no mail goes
	 * there now */
	struct slice policy;
	struct slice why;
};

struct why_tls {
	struct why_tls_host hosts[WHY_TLS_HOSTS];
	size_t n, more;
};

/* The hosts of R, a relay by SMTP or LMTP (of others T is empty), for a message
 * that asks for REQUIRETLS (RFC 8689) or not.  Strings are in A. */
void why_tls_find(const struct instance *in, const struct qroute *r,
    bool requiretls, struct arena *a, struct why_tls *t);

#endif
