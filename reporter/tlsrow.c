/* SPDX-License-Identifier: ISC */
#include "reporter/tlsrow.h"

#include <sys/socket.h>

#include "ipc/msg.h"
#include "ipc/tlsreport.h"
#include "report/tlsreport.h"
#include "reporter/row.h"
#include "sys/addr.h"

static const char *const results[] = { REPORT_TLS_RESULTS(WORDS_TEXT) };
static const char *const policies[] = { REPORT_TLS_POLICIES(WORDS_TEXT) };

static bool
is_ip(struct slice s)
{
	struct addr a;

	return s.n == 0 || addr_of_ip(&a, AF_UNSPEC, s, 0);
}

bool
tlsrow_put(const struct msg_report_tls *m, struct buf *out, size_t *group,
    size_t *count_at)
{
	struct tlsreport_row row = { .strings = m->strings,
		.domain = m->domain,
		.sending_ip = m->sending_ip,
		.mx_host = m->mx_host,
		.receiving_ip = m->receiving_ip,
		.reason = m->reason };

	if (!row_is_domain(m->domain) || m->policy >= REPORT_TLS_POLICY_COUNT ||
	    m->result >= REPORT_TLS_RESULT_COUNT || !is_ip(m->sending_ip) ||
	    !is_ip(m->receiving_ip) || m->strings.n > REPORT_STRINGS_MAX ||
	    m->reason.n > REPORT_REASON_MAX)
		return false;
	row.policy = policies[m->policy];
	if (m->result != REPORT_TLS_SUCCESS)
		row.result = results[m->result];
	tlsreport_put_row(out, &row, group, count_at);
	return !out->failed;
}
