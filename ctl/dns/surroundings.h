/* SPDX-License-Identifier: ISC */
/* The DNS as the instance asks it, and the name it has; without one, as this
 * host does. */
#ifndef CTL_DNS_SURROUNDINGS_H
#define CTL_DNS_SURROUNDINGS_H

#include "ctl/inst/target.h"
#include "dns/resolver.h"

struct ctl;

struct surroundings {
	struct target lookup, pabal; /* their configuration */
	struct dns_config dns;
	char hostname[256];
};

/* CTL_OK, or why not was said; to be let go of in any case. */
int surroundings_load(struct surroundings *s, const struct ctl *ctl);
void surroundings_fini(struct surroundings *s);

#endif
