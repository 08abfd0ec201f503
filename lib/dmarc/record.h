/* SPDX-License-Identifier: ISC */
/* DMARC records (RFC 9989 4.7, 4.8). */
#ifndef DMARC_RECORD_H
#define DMARC_RECORD_H

#include <stdbool.h>

#include "base/slice.h"
#include "base/words.h"

#define DMARC_POLICIES(W)                                                      \
	W(DMARC_POLICY_NONE, "none")                                           \
	W(DMARC_POLICY_QUARANTINE, "quarantine")                               \
	W(DMARC_POLICY_REJECT, "reject")
enum dmarc_policy { DMARC_POLICIES(WORDS_ID) };

enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

struct dmarc_record {
	bool usable; /* it has a policy; else it counts in a walk and says
			nothing */
	enum dmarc_policy p, sp, np; /* sp and np: what counts without them */
	bool np_given;
	bool strict_dkim, strict_spf; /* adkim=s, aspf=s */
	bool testing;                 /* t=y */
	enum dmarc_psd psd;
	struct slice rua, ruf, fo; /* as they stand; empty: not there */
};

/* Read TXT.  False: it is no DMARC record.  What is wrong within one is passed
 * over, as is what is not known; without a valid p, or with a wrong sp or np,
 * it is p=none where rua asks for reports, and else not usable (4.10.1). */
bool dmarc_record_parse(struct slice txt, struct dmarc_record *r);

/* "reject" for DMARC_POLICY_REJECT. */
const char *dmarc_policy_name(enum dmarc_policy policy);

#endif
