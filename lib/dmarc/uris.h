/* SPDX-License-Identifier: ISC */
/* Where a domain wants its reports (RFC 9990 4, the tag rua). */
#ifndef DMARC_URIS_H
#define DMARC_URIS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

enum { DMARC_URIS_MAX = 5 }; /* more are left out */

struct dmarc_uri {
	struct slice address; /* canonical */
	struct slice host;    /* its domain in A-labels */
	uint64_t max_bytes;   /* of a report, "!10m"; 0: no limit */
};

/* The mail addresses among the URIs of RUA, in A; gives how many.  What is no
 * such URI is passed over. */
size_t dmarc_uris(
    struct slice rua, struct arena *a, struct dmarc_uri uris[DMARC_URIS_MAX]);

#endif
