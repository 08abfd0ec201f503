/* SPDX-License-Identifier: ISC */
/* Does who is to get a domain's reports want them (RFC 9990 4)? */
#ifndef DMARC_CONSENT_H
#define DMARC_CONSENT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "dns/answers.h"

struct dmarc_consent {
	enum found found; /* FOUND: they do; TEMPFAIL: not known */
	struct slice rua; /* where instead, at the same host; or empty */
};

/* DOMAIN, which has the record, names an address at HOST; both in A-labels.
 * False: ANSWERS wants some first. */
bool dmarc_consent(struct slice domain, struct slice host,
    struct dns_answers *answers, struct dmarc_consent *c);

#endif
