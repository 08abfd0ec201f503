/* SPDX-License-Identifier: ISC */
/* Addresses of SRS (srs/srs.h): keys, who has the secret, is asked for each. */
#ifndef LOOKUP_SRS_H
#define LOOKUP_SRS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "ipc/ipc.h"

/* ADDRESS is what was asked for; ABSENT: there is none, WHY is for people. */
struct lookup_srs;
typedef void lookup_srs_fn(struct lookup_srs *s, enum found found,
    struct slice address, const char *why);

/* A question to keys; embedded in what waits for it. */
struct lookup_srs {
	struct ipc_call call;
	lookup_srs_fn *done;
};

/* Is DOMAIN, in lower case, that of these addresses? */
bool lookup_srs_domain(struct slice domain);
/* The address in srs_domain that leads back to ADDRESS, or (BACK) where that
 * leads back to. */
void lookup_srs_ask(
    struct lookup_srs *s, bool back, struct slice address, lookup_srs_fn *done);
/* Where does ADDRESS lead back to?  False: nowhere, it is none of these. */
bool lookup_srs_back(
    struct lookup_srs *s, struct slice address, lookup_srs_fn *done);
void lookup_srs_cancel(struct lookup_srs *s);

#endif
