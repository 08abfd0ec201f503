/* SPDX-License-Identifier: ISC */
/* The words of report_tls (ipc/reporter.h). */
#ifndef IPC_TLSREPORT_H
#define IPC_TLSREPORT_H

#include "base/words.h"

/* As RFC 8460 4.3 names them. */
#define REPORT_TLS_RESULTS(W)                                                  \
	W(REPORT_TLS_SUCCESS, "successful")                                    \
	W(REPORT_TLS_NO_STARTTLS, "starttls-not-supported")                    \
	W(REPORT_TLS_BAD_NAME, "certificate-host-mismatch")                    \
	W(REPORT_TLS_EXPIRED, "certificate-expired")                           \
	W(REPORT_TLS_BAD_ISSUER, "certificate-not-trusted")                    \
	W(REPORT_TLS_INVALID, "validation-failure")                            \
	W(REPORT_TLS_DNSSEC_INVALID, "dnssec-invalid")                         \
	W(REPORT_TLS_STS_UNFETCHED, "sts-policy-fetch-error")                  \
	W(REPORT_TLS_STS_INVALID, "sts-policy-invalid")                        \
	W(REPORT_TLS_STS_WEBPKI, "sts-webpki-invalid")
enum report_tls_result { REPORT_TLS_RESULTS(WORDS_ID) REPORT_TLS_RESULT_COUNT };

#define REPORT_TLS_POLICIES(W)                                                 \
	W(REPORT_TLS_BY_NONE, "no-policy-found")                               \
	W(REPORT_TLS_BY_STS, "sts")                                            \
	W(REPORT_TLS_BY_TLSA, "tlsa")
enum report_tls_policy {
	REPORT_TLS_POLICIES(WORDS_ID) REPORT_TLS_POLICY_COUNT
};

/* report_tls.strings and .reason are cut to these. */
enum { REPORT_STRINGS_MAX = 4096, REPORT_REASON_MAX = 200 };

#endif
