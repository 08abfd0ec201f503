/* SPDX-License-Identifier: ISC */
/* What came of TLS with the hosts of a domain, as TLS reports have it (RFC 8460
 * 4.3).  Everything that is reported comes through here; sessions that are used
 * again are not counted again. */
#ifndef SMTP_ROUTE_TLSRESULT_H
#define SMTP_ROUTE_TLSRESULT_H

#include "base/slice.h"
#include "ipc/tlsreport.h"

struct smtp_tlsresult {
	struct slice qid;
	struct slice domain; /* whose MX hosts are used; empty: no report */
	enum report_tls_policy policy;
	enum report_tls_result type;
	const char *host; /* "": none was asked */
	/* For the report; empty: not known. */
	struct slice strings; /* lines of the policy */
	struct slice mx_host, sending_ip, receiving_ip, reason;
};

/* Before the first. */
void smtp_tlsresult_init(void);
void smtp_tlsresult(const struct smtp_tlsresult *r);

#endif
