/* SPDX-License-Identifier: ISC */
#include "reporter/row.h"

#include <sys/socket.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "dmarc/record.h"
#include "ipc/msg.h"
#include "ipc/reporter.h"
#include "proto/address.h"
#include "report/aggregate.h"
#include "sys/addr.h"

static const char *const dispositions[] = { REPORT_DISPOSITIONS(WORDS_TEXT) };
static const char *const reasons[] = { REPORT_REASONS(WORDS_TEXT) };

bool
row_is_domain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '.' && s.p[i] != '-' &&
		    s.p[i] != '_')
			return false;
	return s.n > 0 && s.n <= ADDRESS_DOMAIN_MAX && s.p[0] != '.';
}

static bool
is_sound(const struct msg_report_dmarc *m)
{
	struct addr source;

	return row_is_domain(m->domain) &&
	       addr_of_ip(&source, AF_UNSPEC, m->source, 0) &&
	       m->disposition < REPORT_DISPOSITION_COUNT &&
	       m->reason < REPORT_REASON_COUNT && m->p <= DMARC_POLICY_REJECT &&
	       m->sp <= DMARC_POLICY_REJECT && m->np <= DMARC_POLICY_REJECT;
}

/* "RESULT SELECTOR DOMAIN" */
static struct aggregate_auth
get_auth(struct slice line, bool of_spf)
{
	struct aggregate_auth a = { .domain = SLICE("") };
	struct slice second;

	a.result = slice_cut(line, ' ', &line);
	second = slice_cut(line, ' ', &a.domain);
	if (of_spf)
		a.scope = second;
	else
		a.selector = second;
	return a;
}

static void
get_signatures(struct slice lines, struct aggregate_record *r)
{
	while (lines.n > 0 && r->nsignatures < AGGREGATE_SIGNATURES)
		r->signatures[r->nsignatures++] =
		    get_auth(slice_cut(lines, '\n', &lines), false);
}

static struct slice
pass(uint32_t flags, uint32_t flag)
{
	return (flags & flag) != 0 ? SLICE("pass") : SLICE("fail");
}

bool
row_put(const struct msg_report_dmarc *m, struct buf *out, size_t *count_at)
{
	struct aggregate_record r = {
		.source = m->source,
		.dkim = pass(m->flags, REPORT_DKIM_PASS),
		.spf = pass(m->flags, REPORT_SPF_PASS),
		.comment = m->comment,
		.header_from = m->header_from,
		.envelope_from = m->envelope_from,
		.sender = get_auth(m->sender, true),
	};

	if (!is_sound(m))
		return false;
	r.disposition = slice_str(dispositions[m->disposition]);
	r.reason = slice_str(reasons[m->reason]);
	get_signatures(m->signatures, &r);
	aggregate_put_record(out, &r, count_at);
	return !out->failed;
}

/* ---- of the domain ---- */

/* One line each; what a record holds beside printable characters ends it. */
static void
add_line(struct buf *out, struct slice text)
{
	size_t n = 0;

	while (n < text.n && (unsigned char)text.p[n] >= 0x20)
		n++;
	buf_add(out, slice_sub(text, 0, n));
	buf_addc(out, '\n');
}

void
row_put_about(const struct msg_report_dmarc *m, struct buf *out)
{
	const uint32_t f = m->flags;

	add_line(out, m->rua);
	add_line(out, slice_str(dmarc_policy_name((enum dmarc_policy)m->p)));
	add_line(out, slice_str(dmarc_policy_name((enum dmarc_policy)m->sp)));
	add_line(out, slice_str(dmarc_policy_name((enum dmarc_policy)m->np)));
	add_line(out, slice_str((f & REPORT_STRICT_DKIM) != 0 ? "s" : "r"));
	add_line(out, slice_str((f & REPORT_STRICT_SPF) != 0 ? "s" : "r"));
	add_line(out, slice_str((f & REPORT_TESTING) != 0 ? "y" : "n"));
	add_line(out, m->fo);
}

void
row_get_about(
    struct slice text, struct aggregate_about *about, struct slice *rua)
{
	struct slice *const lines[] = { rua, &about->p, &about->sp, &about->np,
		&about->adkim, &about->aspf, &about->testing, &about->fo };

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		*lines[i] = slice_cut(text, '\n', &text);
}
