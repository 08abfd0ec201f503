/* SPDX-License-Identifier: ISC */
/* Who gets a report, asked of the DNS: of DMARC those that are named and agree
 * (RFC 9990 4), of TLS those that the domain names (RFC 8460 3), in its order.
 * One report at a time. */
#ifndef REPORTER_TAKERS_H
#define REPORTER_TAKERS_H

#include "dmarc/uris.h"
#include "ipc/reporter.h"
#include "reporter/pending.h"

struct takers {
	struct dmarc_uri uris[DMARC_URIS_MAX];
	size_t n;
	struct slice posts[PENDING_MAX]; /* by HTTPS, of TLS alone */
	size_t nposts;
	bool wanted;    /* the domain asks for it */
	bool uncertain; /* the DNS did not answer all */
};

/* DONE runs when they are known, maybe before this returns.  RUA: as the domain
 * of DMARC said when its mail came (borrowed until they are forgotten), which
 * is what there is where it does not say now. */
void takers_find(enum report_kind kind, const char *domain, struct slice rua,
    void (*done)(void));
/* Until they are forgotten. */
const struct takers *takers_found(void);
void takers_forget(void);

#endif
