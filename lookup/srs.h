/* SPDX-License-Identifier: ISC */
/* Addresses of SRS (srs/srs.h): keys, who has the secret, is asked for each. */
#ifndef LOOKUP_SRS_H
#define LOOKUP_SRS_H

#include <stdbool.h>

#include "base/slice.h"
#include "ipc/ipc.h"
#include "srs/srs.h"

/* A question to keys; embedded in what waits for it. */
struct lookup_srs {
	struct ipc_call call;
	/* SRS_RESULTS: not now. */
	void (*done)(struct lookup_srs *s, enum srs rc, struct slice address);
};

/* Is DOMAIN, in lower case, that of these addresses? */
bool lookup_srs_domain(struct slice domain);
/* The address in srs_domain that leads back to ADDRESS, or (BACK) where that
 * leads back to. */
void lookup_srs_ask(struct lookup_srs *s, bool back, struct slice address,
    void (*done)(struct lookup_srs *s, enum srs rc, struct slice address));
/* Where does ADDRESS lead back to?  False: nowhere, it is none of these. */
bool lookup_srs_back(struct lookup_srs *s, struct slice address,
    void (*done)(struct lookup_srs *s, enum srs rc, struct slice address));
/* Why not, for people. */
const char *lookup_srs_word(enum srs rc);
void lookup_srs_cancel(struct lookup_srs *s);

#endif
