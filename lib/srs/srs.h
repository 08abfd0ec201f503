/* SPDX-License-Identifier: ISC */
/*
 * The Sender Rewriting Scheme, as libsrs2 and postsrsd have it ("guarded"): an
 * envelope sender in a forwarder's own domain, which leads back to the sender,
 * so that SPF passes at the next host and reports find their way.
 *
 *   user@a.example           SRS0=HASH=TT=a.example=user@DOMAIN
 *   SRS0=X@b.example         SRS1=HASH=b.example==X@DOMAIN
 *   SRS1=H=b.example==X@c    SRS1=HASH=b.example==X@DOMAIN
 *
 * TT is the day, HASH the start of an HMAC under a secret, so that nobody else
 * makes addresses that this host sends mail on for.  Hosts fold case: what is
 * compared, is so without.  The secrets of postsrsd can be gone on with.
 */
#ifndef SRS_SRS_H
#define SRS_SRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

enum {
	SRS_LOCAL_MAX = 64, /* RFC 5321 4.5.3.1.1: others take no more */
	SRS_MAX_AGE_DAYS = 21,
};

enum srs {
	SRS_DONE,
	SRS_NONE,    /* not an address that this can be done with */
	SRS_LONG,    /* its local part would be too long */
	SRS_FORGED,  /* no secret gives its hash, or it is damaged */
	SRS_EXPIRED, /* it is older than SRS_MAX_AGE_DAYS */
	SRS_RESULTS,
};

/* Add the address in DOMAIN that leads back to SENDER, both canonical
 * (proto/address.h), to OUT. */
enum srs srs_forward(struct slice sender, struct slice domain,
    struct slice secret, int64_t now_s, struct buf *out);

/* Is ADDRESS one that srs_forward may have made, by its looks? */
bool srs_is(struct slice address);
/* Add the address that ADDRESS leads back to, if one of the N SECRETS has made
 * it, to OUT. */
enum srs srs_reverse(struct slice address, const struct slice *secrets,
    size_t n, int64_t now_s, struct buf *out);

#endif
