/* SPDX-License-Identifier: ISC */
/* The DNS as the instance asks it, the name it has, where its tables are;
 * without one, as this host does. */
#ifndef CTL_DNS_SURROUNDINGS_H
#define CTL_DNS_SURROUNDINGS_H

#include "ctl/inst/target.h"
#include "dns/resolver.h"

struct ctl;

struct surroundings {
	struct target lookup, pabal; /* their configuration */
	struct dns_config dns;
	char hostname[256];
	const char *tables; /* directory */
};

/* The configuration NAME, as it stands or preset.  CTL_OK, or why not was said.
 * To be let go of by target_fini in any case. */
int surroundings_conf(
    struct target *t, const struct ctl *ctl, const char *name);

/* CTL_OK, or why not was said; to be let go of in any case. */
int surroundings_load(struct surroundings *s, const struct ctl *ctl);
void surroundings_fini(struct surroundings *s);

#endif
