/* SPDX-License-Identifier: ISC */
/*
 * What the messages of lib/ipc/reporter.def mean.
 *
 * report_dmarc: a message that DMARC has judged, of an author whose domain asks
 * for reports; nobody waits for it.  domain is where the record stands, p, sp
 * and np what it says (enum dmarc_policy), with fo as it stands in it; source
 * is the client's address; disposition and reason what was done, and why it is
 * less than was asked for; signatures are lines "RESULT SELECTOR DOMAIN",
 * sender is "RESULT SCOPE DOMAIN" of SPF.
 *
 * report_tls: what came of TLS with a host of domain (A-labels), or of its
 * policy; nobody waits for it.  strings are the lines of the policy, mx_host
 * and receiving_ip of the host, empty where none was asked; reason says more in
 * words.
 *
 * report_send: send the reports of kind that there are up to now.  report_sent:
 * how many reports were; left: those of which it is not known yet where they
 * may go.
 *
 * report_letter: a mail to others, whose bytes came in report_part before; to
 * has a line for each address.  qmgr chooses its sender; one of kind
 * REPORT_OF_TLS goes whatever is wrong with TLS, and is not reported of.
 */
#ifndef IPC_REPORTER_H
#define IPC_REPORTER_H

#include "base/words.h"

/* What is reported of. */
#define REPORT_KINDS(W)                                                        \
	W(REPORT_OF_DMARC, "dmarc")                                            \
	W(REPORT_OF_TLS, "tls")
enum report_kind { REPORT_KINDS(WORDS_ID) REPORT_KIND_COUNT };

/* report_dmarc.flags */
enum {
	REPORT_STRICT_DKIM = 1,
	REPORT_STRICT_SPF = 2,
	REPORT_TESTING = 4,
	REPORT_DKIM_PASS = 8, /* and aligned */
	REPORT_SPF_PASS = 16,
};

/* As RFC 9990 names them. */
#define REPORT_DISPOSITIONS(W)                                                 \
	W(REPORT_NONE, "none")                                                 \
	W(REPORT_PASS, "pass")                                                 \
	W(REPORT_QUARANTINE, "quarantine")                                     \
	W(REPORT_REJECT, "reject")
enum report_disposition {
	REPORT_DISPOSITIONS(WORDS_ID) REPORT_DISPOSITION_COUNT
};

#define REPORT_REASONS(W)                                                      \
	W(REPORT_NO_REASON, "")                                                \
	W(REPORT_LOCAL_POLICY, "local_policy")                                 \
	W(REPORT_TEST_MODE, "policy_test_mode")                                \
	W(REPORT_TRUSTED_FORWARDER, "trusted_forwarder")
enum report_reason { REPORT_REASONS(WORDS_ID) REPORT_REASON_COUNT };

/* Bytes of a report_part. */
enum { REPORT_PART_BYTES = 32768 };

#endif
