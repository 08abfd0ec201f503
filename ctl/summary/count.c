/* SPDX-License-Identifier: ISC */
#include "ctl/summary/count.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/summary/day.h"
#include "ctl/view/logline.h"

enum { LABEL_MAX = 251 };

/* ---- adding ---- */

static void
more(struct day *d, enum day_total of, uint64_t n)
{
	d->totals[of] += (int64_t)n;
}

static void
name(struct day *d, enum day_part of, struct slice s)
{
	frequent_add(&d->parts[of], s);
}

/* Of what is longer the rest is left out. */
static void __attribute__((format(printf, 3, 4)))
label(struct day *d, enum day_part of, const char *fmt, ...)
{
	char text[LABEL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	name(d, of, slice_str(text));
}

static struct slice
get(const struct logline *l, const char *key)
{
	return logline_get(l, key);
}

static bool
has(const struct logline *l, const char *key, const char *value)
{
	return slice_is(get(l, key), value);
}

static uint64_t
number(const struct logline *l, const char *key)
{
	struct cur c = cur_of(get(l, key));
	const uint64_t n = cur_u64(&c, UINT32_MAX);

	return cur_end(&c) ? n : 0;
}

static struct slice
address(struct slice a)
{
	return a.n > 0 ? a : SLICE("<>");
}

/* Of the null sender there is none. */
static struct slice
domain(struct slice a)
{
	const size_t at = slice_rfind(a, '@');

	return at < a.n ? slice_from(a, at + 1) : address(SLICE(""));
}

/* ---- mail that comes in ---- */

static void
on_accepted(struct day *d, const struct logline *l)
{
	const struct slice from = get(l, "from"), account = get(l, "account");

	more(d, DAY_TOTAL_ACCEPTED, 1);
	more(d, DAY_TOTAL_ACCEPTED_BYTES, number(l, "size"));
	name(d, DAY_PART_PROTOCOLS, get(l, "protocol"));
	name(d, DAY_PART_SENDERS, address(from));
	name(d, DAY_PART_SENDER_DOMAINS, domain(from));
	name(d, DAY_PART_CLIENTS, get(l, "client"));
	if (account.n == 0)
		return;
	more(d, DAY_TOTAL_SUBMITTED, 1);
	name(d, DAY_PART_ACCOUNTS, account);
}

static bool
is_dsn(char c)
{
	return ascii_isdigit(c) || c == '.';
}

/* By the codes of its reply, such as 550 5.1.1. */
static void
refused(struct day *d, const struct logline *l, const char *what)
{
	struct cur c = cur_of(get(l, "why"));
	const struct slice code = cur_while(&c, ascii_isdigit);
	struct slice dsn;

	cur_skip_blank(&c);
	dsn = cur_while(&c, is_dsn);
	if (slice_find(dsn, '.') == dsn.n)
		dsn.n = 0;
	more(d, DAY_TOTAL_REFUSED, 1);
	label(d, DAY_PART_REFUSED, "%s %.*s%s%.*s", what, SLICE_FMT(code),
	    dsn.n > 0 ? " " : "", SLICE_FMT(dsn));
	name(d, DAY_PART_REFUSED_CLIENTS, get(l, "client"));
}

static void
on_client_refused(struct day *d, const struct logline *l)
{
	refused(d, l, "connection");
}

static void
on_helo_refused(struct day *d, const struct logline *l)
{
	refused(d, l, "HELO");
}

static void
on_sender_refused(struct day *d, const struct logline *l)
{
	refused(d, l, "MAIL");
}

static void
on_rcpt_refused(struct day *d, const struct logline *l)
{
	refused(d, l, "RCPT");
}

static void
on_message_refused(struct day *d, const struct logline *l)
{
	refused(d, l, "DATA");
}

static void
on_mail_discarded(struct day *d, const struct logline *l)
{
	more(d, DAY_TOTAL_DISCARDED, number(l, "nrcpt"));
}

static void
on_verdict(struct day *d, const struct logline *l)
{
	label(d, has(l, "mode", "warn") ? DAY_PART_WARNINGS : DAY_PART_RULES,
	    "%.*s %.*s", SLICE_FMT(get(l, "rule")),
	    SLICE_FMT(get(l, "action")));
}

static void
on_filter(struct day *d, const struct logline *l)
{
	label(d, DAY_PART_FILTERS, "%.*s %.*s", SLICE_FMT(get(l, "filter")),
	    SLICE_FMT(get(l, "action")));
}

static void
on_auth(struct day *d, const struct logline *l)
{
	name(d, DAY_PART_SPF, get(l, "spf"));
	name(d, DAY_PART_DKIM, get(l, "dkim"));
	name(d, DAY_PART_DMARC, get(l, "dmarc"));
}

static void
on_limit(struct day *d, const struct logline *l)
{
	const struct slice login = get(l, "login");

	label(d, DAY_PART_LIMITS, "%.*s %.*s", SLICE_FMT(get(l, "limit")),
	    SLICE_FMT(login.n > 0 ? login : get(l, "client")));
}

static void
on_login_held(struct day *d, const struct logline *l)
{
	label(d, DAY_PART_LIMITS, "%.*s %.*s", SLICE_FMT(get(l, "why")),
	    SLICE_FMT(get(l, "login")));
}

/* ---- in the queue ---- */

static void
on_held(struct day *d, const struct logline *l)
{
	const struct slice why = get(l, "why");

	more(d, DAY_TOTAL_HELD, 1);
	name(d, DAY_PART_HELD,
	    why.n > 0 ? why : SLICE("by an administrator, or a route"));
}

static void
on_signed(struct day *d, const struct logline *l)
{
	more(d, DAY_TOTAL_SIGNED, 1);
	name(d, DAY_PART_SIGNED, get(l, "domain"));
}

/* A recipient that failed: for good, or for now. */
static void
failed(struct day *d, const struct logline *l, bool bounced, struct slice dsn)
{
	more(d, bounced ? DAY_TOTAL_BOUNCED : DAY_TOTAL_DEFERRED, 1);
	label(d, bounced ? DAY_PART_BOUNCED : DAY_PART_DEFERRED, "%.*s%s%.*s",
	    SLICE_FMT(dsn), dsn.n > 0 ? " " : "",
	    SLICE_FMT(domain(get(l, "to"))));
}

/* How a recipient's mail went out (smtp_policy_used). */
static void
on_relayed_by(struct day *d, struct slice tls)
{
	static const struct {
		const char *logged, *shown;
	} kinds[] = {
		{ "dane", "DANE" },
		{ "sts", "MTA-STS" },
		{ "sts-testing", "MTA-STS, testing" },
		{ "verify", "verified" },
		{ "encrypt", "required" },
		{ "may", "opportunistic" },
		{ "none", "none" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_is(tls, kinds[i].logged))
			name(d, DAY_PART_TLS_OUT, slice_str(kinds[i].shown));
}

static void
on_arrived(struct day *d, const struct logline *l, enum day_total of)
{
	more(d, of, 1);
	name(d, DAY_PART_RECIPIENTS, get(l, "to"));
	name(d, DAY_PART_RECIPIENT_DOMAINS, domain(get(l, "to")));
}

/* To another host it is relayed here, whether it sends reports
 * (status=delivered) or not (status=relayed). */
static void
on_result(struct day *d, const struct logline *l)
{
	const bool out = has(l, "agent", "smtp");

	if (has(l, "status", "delivered") || has(l, "status", "relayed")) {
		on_arrived(d, l, out ? DAY_TOTAL_RELAYED : DAY_TOTAL_DELIVERED);
		if (out)
			on_relayed_by(d, get(l, "tls"));
	} else if (has(l, "status", "tempfail")) {
		failed(d, l, false, get(l, "dsn"));
	} else if (has(l, "status", "permfail")) {
		failed(d, l, true, get(l, "dsn"));
	}
}

static void
on_unroutable(struct day *d, const struct logline *l)
{
	const struct slice dsn = get(l, "dsn");

	failed(d, l, !slice_starts(dsn, SLICE("4")), dsn);
}

/* As their reports have it (qmgr/run/round.c). */
static void
on_expired(struct day *d, const struct logline *l)
{
	failed(d, l, true, SLICE("5.4.7"));
}

static void
on_loop(struct day *d, const struct logline *l)
{
	failed(d, l, true, SLICE("5.4.6"));
}

/* One that failed, of which nobody wants to know, has been counted. */
static void
on_rcpt_discarded(struct day *d, const struct logline *l)
{
	if (!has(l, "why", "null sender") && !has(l, "why", "no report wanted"))
		more(d, DAY_TOTAL_DISCARDED, 1);
}

static void
on_delivered(struct day *d, const struct logline *l)
{
	more(d, DAY_TOTAL_JUNKED, has(l, "mailbox", "Junk"));
}

static void
on_tls_out_failed(struct day *d, const struct logline *l)
{
	label(d, DAY_PART_TLS_OUT_FAILED, "%.*s: %.*s",
	    SLICE_FMT(get(l, "host")), SLICE_FMT(get(l, "why")));
}

/* At the level debug successes are there, too. */
static void
on_tls_result(struct day *d, const struct logline *l)
{
	if (!has(l, "result", "successful"))
		label(d, DAY_PART_TLS_UNMET, "%.*s: %.*s (%.*s)",
		    SLICE_FMT(get(l, "domain")), SLICE_FMT(get(l, "result")),
		    SLICE_FMT(get(l, "policy")));
}

/* ---- reports of ours ---- */

static void
on_report_sent(struct day *d, const struct logline *l)
{
	label(d, DAY_PART_REPORTS, "%.*s by mail", SLICE_FMT(get(l, "kind")));
}

static void
on_report_posted(struct day *d, const struct logline *l)
{
	label(d, DAY_PART_REPORTS, "%.*s by HTTPS", SLICE_FMT(get(l, "kind")));
}

static void
on_report_failed(struct day *d, const struct logline *l)
{
	label(d, DAY_PART_REPORTS_FAILED, "%.*s %.*s: %.*s",
	    SLICE_FMT(get(l, "domain")), SLICE_FMT(get(l, "to")),
	    SLICE_FMT(get(l, "why")));
}

/* ---- sessions ---- */

static void
on_session(struct day *d, const struct logline *l)
{
	(void)l;
	more(d, DAY_TOTAL_SESSIONS, 1);
}

static void
on_tls_in(struct day *d, const struct logline *l)
{
	more(d, DAY_TOTAL_TLS_SESSIONS, 1);
	name(d, DAY_PART_TLS_IN, get(l, "version"));
}

static void
on_tls_in_failed(struct day *d, const struct logline *l)
{
	(void)l;
	name(d, DAY_PART_TLS_IN, SLICE("failed"));
}

static void
on_login(struct day *d, const struct logline *l)
{
	more(d, DAY_TOTAL_LOGINS, 1);
	label(d, DAY_PART_LOGINS, "%.*s ok", SLICE_FMT(get(l, "protocol")));
}

static void
on_login_failed(struct day *d, const struct logline *l)
{
	more(d, DAY_TOTAL_LOGINS_FAILED, 1);
	label(d, DAY_PART_LOGINS, "%.*s %.*s", SLICE_FMT(get(l, "protocol")),
	    SLICE_FMT(get(l, "result")));
	name(d, DAY_PART_LOGIN_CLIENTS, get(l, "client"));
}

void
count_line(struct day *d, const struct logline *l)
{
	static const struct {
		const char *event;
		void (*count)(struct day *d, const struct logline *l);
	} rows[] = {
		{ "rcpt.result", on_result },
		{ "session.start", on_session },
		{ "session.tls", on_tls_in },
		{ "mail.accepted", on_accepted },
		{ "local.delivered", on_delivered },
		{ "dkim.signed", on_signed },
		{ "policy.auth", on_auth },
		{ "policy.verdict", on_verdict },
		{ "milter.verdict", on_filter },
		{ "rcpt.refused", on_rcpt_refused },
		{ "mail.refused", on_message_refused },
		{ "mail.sender-refused", on_sender_refused },
		{ "smtpd.helo-refused", on_helo_refused },
		{ "smtpd.client-refused", on_client_refused },
		{ "mail.discarded", on_mail_discarded },
		{ "mail.held", on_held },
		{ "rcpt.unroutable", on_unroutable },
		{ "rcpt.expired", on_expired },
		{ "rcpt.loop", on_loop },
		{ "rcpt.discarded", on_rcpt_discarded },
		{ "policy.rate-exceeded", on_limit },
		{ "policy.login-held", on_login_held },
		{ "smtp.tls-failed", on_tls_out_failed },
		{ "smtp.tls-result", on_tls_result },
		{ "report.sent", on_report_sent },
		{ "report.posted", on_report_posted },
		{ "report.post-failed", on_report_failed },
		{ "report.destination-refused", on_report_failed },
		{ "session.tls-failed", on_tls_in_failed },
		{ "auth.ok", on_login },
		{ "auth.refused", on_login_failed },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (slice_is(l->event, rows[i].event)) {
			rows[i].count(d, l);
			return;
		}
}
