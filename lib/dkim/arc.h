/* SPDX-License-Identifier: ISC */
/*
 * Verifying a chain of ARC (RFC 8617 5.2): the newest message signature and all
 * seals.  A hint and no more: what a chain says of earlier hops is worth as
 * much as whoever sealed it, so nothing follows from a pass without a list of
 * trusted sealers.
 */
#ifndef DKIM_ARC_H
#define DKIM_ARC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/words.h"
#include "dkim/message.h"
#include "dns/answers.h"

enum { DKIM_ARC_MAX = 50 }; /* sets of a chain */

/* As Authentication-Results names them; `temperror` is ours: RFC 8617 would
 * have a fail. */
#define DKIM_ARC_RESULTS(W)                                                    \
	W(DKIM_ARC_NONE, "none")                                               \
	W(DKIM_ARC_PASS, "pass")                                               \
	W(DKIM_ARC_FAIL, "fail")                                               \
	W(DKIM_ARC_TEMPERROR, "temperror")
enum dkim_arc_result { DKIM_ARC_RESULTS(WORDS_ID) };

struct dkim_arc_verdict {
	enum dkim_arc_result result;
	const char *why;     /* for people; NULL for none and pass */
	unsigned instances;  /* sets */
	unsigned failed;     /* the instance that did not verify; 0: none */
	struct slice sealer; /* who sealed last: d= of the newest seal */
	struct slice selector;
	struct slice results; /* the newest ARC-Authentication-Results */
};

/* False: ANSWERS wants some first.  What *V points to is in A or M. */
bool dkim_arc_verify(const struct dkim_message *m, struct dns_answers *answers,
    int64_t now_s, struct arena *a, struct dkim_arc_verdict *v);

/* "pass" for DKIM_ARC_PASS. */
const char *dkim_arc_result_name(enum dkim_arc_result result);

#endif
