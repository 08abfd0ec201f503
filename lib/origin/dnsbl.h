/* SPDX-License-Identifier: ISC */
/*
 * Lists of hosts in the DNS (RFC 5782), bad ones (DNSBL) and good ones (DNSWL).
 *
 * An answer counts only if it is in 127.0.0.0/8 and fits the site's filter.
 * 127.255.255.0/24 and all outside of 127.0.0.0/8 is an error of the list (a
 * resolver that is refused, a domain that was sold), not a hit, and so is a
 * list that has 127.0.0.1, which none may (section 5).  A list that does not
 * answer counts nothing.
 */
#ifndef ORIGIN_DNSBL_H
#define ORIGIN_DNSBL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/words.h"
#include "dns/answers.h"

enum { DNSBL_WEIGHT_MAX = 1000, DNSBL_SITES_MAX = 30 };

struct dnsbl_site {
	struct slice zone;
	int weight;
	uint8_t fits[4][32]; /* a bit for each value of each octet */
};

/* Read "zone[=filter][*weight]"; S borrows from WORD. */
int dnsbl_parse(struct slice word, struct dnsbl_site *s, struct err *err);
/* The zone as strangers may see it: a first label of 20 bytes or more is the
 * key of a customer, and left out. */
struct slice dnsbl_shown(const struct dnsbl_site *s);

#define DNSBL_ERRORS(W)                                                        \
	W(DNSBL_OK, "")                                                        \
	W(DNSBL_REFUSED, "it answers that it will not answer")                 \
	W(DNSBL_OUTSIDE, "its answer is not in 127.0.0.0/8")                   \
	W(DNSBL_ALL, "it lists 127.0.0.1, as if it had every address")         \
	W(DNSBL_SILENT, "it does not answer")
enum dnsbl_error { DNSBL_ERRORS(WORDS_ID) };

struct dnsbl_found {
	bool hit;
	enum dnsbl_error error; /* then it is no hit */
	uint8_t a[4];           /* the answer that fits, or is wrong */
};

struct dnsbl_verdict {
	int score;
	/* Of all sites; of those with hits the one of the greatest weight. */
	struct dnsbl_found *sites;
	const struct dnsbl_site *heaviest; /* NULL: no hit of a DNSBL */
	struct slice text; /* TXT of that, where it has one; as the answers */
};

/* Ask all N SITES about IP at once; what V points to is in ARENA.  False:
 * ANSWERS wants some first.  The text is asked for from a score of THRESHOLD
 * on. */
bool dnsbl_check(const struct dnsbl_site *sites, size_t n, const uint8_t ip[16],
    int threshold, struct dns_answers *answers, struct arena *arena,
    struct dnsbl_verdict *v);
const char *dnsbl_error_text(enum dnsbl_error error);

#endif
