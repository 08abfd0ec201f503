/* SPDX-License-Identifier: ISC */
/*
 * What the DNS says of a domain, beside what a host that has its mail needs:
 * MX, addresses and their names, SPF, DKIM keys, DMARC, MTA-STS, TLS reports,
 * TLSA, and where clients find their services.  Pure (dns/answers.h).
 */
#ifndef CTL_DNS_DNSCHECK_H
#define CTL_DNS_DNSCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct dns_answers;
struct signkeys;

enum { DNSCHECK_ADDRESSES_MAX = 32, DNSCHECK_ROWS_MAX = 256 };

/* The MTA-STS policy of the domain: as sts has just got it, and as this host
 * publishes it; words of mx have blanks between them. */
struct dnscheck_sts {
	bool asked;            /* false: nothing is said of it */
	struct slice mode, mx; /* empty mode: it is not to be had, */
	struct slice why;      /* why not, */
	bool failed;           /* and whether that is the domain's fault */
	struct slice our_mode, our_mx; /* empty mode: it publishes none */
	int64_t max_age_s, our_max_age_s;
};

struct dnscheck_host {
	const char *domain, *hostname; /* A-labels, lower case */
	uint8_t addresses[DNSCHECK_ADDRESSES_MAX][16];
	size_t naddresses;           /* 0: those of hostname in the DNS */
	const struct signkeys *keys; /* of domain */
	const char *key_id; /* SHA-256 of our TLS key, hex; "": no TLS */
	struct dnscheck_sts sts;
	int64_t now_s;
};

/* In the order of how bad they are. */
enum dnscheck_verdict {
	DNSCHECK_GOOD,
	DNSCHECK_OPTIONAL, /* it is not there, and need not be */
	DNSCHECK_UNKNOWN,  /* the DNS did not answer */
	DNSCHECK_MISSING,
	DNSCHECK_WRONG,
	DNSCHECK_VERDICTS,
};

struct dnscheck_row {
	const char *what; /* "mx", "spf" … */
	enum dnscheck_verdict verdict;
	struct buf name;    /* of the record */
	struct buf detail;  /* strangers' words may be in it */
	struct buf publish; /* lines of a zone file; empty: nothing to do */
};

struct dnscheck {
	struct dnscheck_row rows[DNSCHECK_ROWS_MAX];
	size_t n;
};

/* False: ANSWERS wants some first, call it again.  True: C has the rows, and is
 * to be let go of. */
bool dnscheck_run(struct dnscheck *c, const struct dnscheck_host *host,
    struct dns_answers *answers);
void dnscheck_fini(struct dnscheck *c);
const char *dnscheck_word(enum dnscheck_verdict v);
/* Is there nothing that must be done? */
bool dnscheck_is_well(const struct dnscheck *c);

#endif
