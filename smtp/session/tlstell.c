/* SPDX-License-Identifier: ISC */
#include "smtp/session/tlstell.h"

#include <sys/socket.h>

#include "base/buf.h"
#include "smtp/route/dane.h"
#include "smtp/route/policy.h"
#include "smtp/route/route.h"
#include "smtp/route/tlsresult.h"
#include "smtp/session/dialog.h"

static enum report_tls_policy
type_of(const struct smtp_session *s)
{
	if (smtp_policy(s) == TLS_POLICY_DANE)
		return REPORT_TLS_BY_TLSA;
	return s->target.sts ? REPORT_TLS_BY_STS : REPORT_TLS_BY_NONE;
}

/* Where S comes from; "" where the system does not say. */
static struct slice
sending_ip(const struct smtp_session *s, char text[ADDR_TEXT])
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct addr a;

	if (getsockname(s->stream.io.fd, (struct sockaddr *)&ss, &len) == -1)
		return SLICE("");
	addr_set(&a, &ss, len);
	return slice_str(addr_format_ip(&a, text));
}

static void
put_lines(
    const struct smtp_session *s, enum report_tls_policy by, struct buf *out)
{
	if (by == REPORT_TLS_BY_TLSA)
		buf_add(out, smtp_dane_records(s->dane));
	else if (by == REPORT_TLS_BY_STS)
		smtp_route_sts_lines(s->job, out);
}

void
smtp_tlstell_init(void)
{
	smtp_tlsresult_init();
}

void
smtp_tlstell(const struct smtp_session *s, enum report_tls_result type,
    const char *reason)
{
	char from[ADDR_TEXT], to[ADDR_TEXT];
	struct buf lines = { .max = 1 << 16 };
	struct smtp_tlsresult r = { .qid = s->job->qid,
		.domain = smtp_route_domain(s->job),
		.policy = type_of(s),
		.type = type,
		.host = s->name,
		.mx_host = slice_str(s->target.host),
		.sending_ip = sending_ip(s, from),
		.receiving_ip = slice_str(addr_format_ip(&s->target.addr, to)),
		.reason = slice_str(reason) };

	put_lines(s, r.policy, &lines);
	r.strings = buf_slice(&lines);
	smtp_tlsresult(&r);
	buf_fini(&lines);
}
