/* SPDX-License-Identifier: ISC */
/* What came of TLS with the hosts of a domain, as TLS reports have it (RFC 8460
 * 4.3).  Everything that is reported comes through here; sessions that are used
 * again are not counted again. */
#ifndef SMTP_ROUTE_TLSRESULT_H
#define SMTP_ROUTE_TLSRESULT_H

#include "base/slice.h"
#include "base/words.h"

#define SMTP_TLSRESULTS(W)                                                     \
	W(SMTP_TLS_SUCCESS, "successful")                                      \
	W(SMTP_TLS_NO_STARTTLS, "starttls-not-supported")                      \
	W(SMTP_TLS_BAD_NAME, "certificate-host-mismatch")                      \
	W(SMTP_TLS_EXPIRED, "certificate-expired")                             \
	W(SMTP_TLS_BAD_ISSUER, "certificate-not-trusted")                      \
	W(SMTP_TLS_INVALID, "validation-failure")                              \
	W(SMTP_TLS_DNSSEC_INVALID, "dnssec-invalid")                           \
	W(SMTP_TLS_STS_UNFETCHED, "sts-policy-fetch-error")                    \
	W(SMTP_TLS_STS_INVALID, "sts-policy-invalid")                          \
	W(SMTP_TLS_STS_WEBPKI, "sts-webpki-invalid")

#define SMTP_TLSPOLICIES(W)                                                    \
	W(SMTP_TLS_BY_NONE, "no-policy-found")                                 \
	W(SMTP_TLS_BY_STS, "sts")                                              \
	W(SMTP_TLS_BY_TLSA, "tlsa")

/* clang-format off */
enum smtp_tlsresult_type { SMTP_TLSRESULTS(WORDS_ID) SMTP_TLSRESULT_COUNT };
enum smtp_tlsresult_policy { SMTP_TLSPOLICIES(WORDS_ID) SMTP_TLSPOLICY_COUNT };
/* clang-format on */

struct smtp_tlsresult {
	struct slice qid;
	struct slice domain; /* whose MX hosts are used; empty: no report */
	enum smtp_tlsresult_policy policy;
	enum smtp_tlsresult_type type;
	const char *host; /* "": none was asked */
};

void smtp_tlsresult(const struct smtp_tlsresult *r);

#endif
