/* SPDX-License-Identifier: ISC */
/* The walk up the DNS from a domain (RFC 9989 4.10): which records are there,
 * and which domain is the organization's. */
#ifndef DMARC_WALK_H
#define DMARC_WALK_H

#include <stdbool.h>

#include "dmarc/record.h"
#include "dns/answers.h"

enum { DMARC_WALK_MAX = 8 }; /* questions */

struct dmarc_level {
	struct slice domain;
	bool found; /* there is one record and no second */
	bool fails; /* there is no answer */
	struct dmarc_record record;
};

struct dmarc_walk {
	struct dmarc_level levels[DMARC_WALK_MAX]; /* the domain itself first */
	size_t n;                                  /* up to where it stopped */
	struct slice organization;
	const struct dmarc_level *policy; /* the organization's record, else
					     that of the public suffix above it;
					     NULL: none */
	bool fails; /* an answer is missing on which `organization` depends */
};

/* Walk from DOMAIN (A-labels).  False: ANSWERS wants some first.  What *W
 * points to is in DOMAIN and ANSWERS. */
bool dmarc_walk(
    struct slice domain, struct dns_answers *answers, struct dmarc_walk *w);

#endif
