/* SPDX-License-Identifier: ISC */
/* What comes of a signature, as Authentication-Results names it (RFC 8601
 * 2.7.1). */
#ifndef DKIM_RESULT_H
#define DKIM_RESULT_H

#include "base/words.h"

/*
 * neutral: not understood (syntax, unknown algorithm); policy: understood and
 * not accepted (SHA-1, a weak or too large key, l= that leaves bytes of the
 * body out, expired, signed in the future); permerror: it can never be verified
 * (no key, a revoked key, From not signed); temperror: not now.
 */
#define DKIM_RESULTS(W)                                                        \
	W(DKIM_NONE, "none")                                                   \
	W(DKIM_PASS, "pass")                                                   \
	W(DKIM_FAIL, "fail")                                                   \
	W(DKIM_POLICY, "policy")                                               \
	W(DKIM_NEUTRAL, "neutral")                                             \
	W(DKIM_TEMPERROR, "temperror")                                         \
	W(DKIM_PERMERROR, "permerror")
enum dkim_result { DKIM_RESULTS(WORDS_ID) };

/* "pass" for DKIM_PASS. */
const char *dkim_result_name(enum dkim_result result);

#endif
