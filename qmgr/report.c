/* SPDX-License-Identifier: ISC */
#include "qmgr/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/newfile.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { HEADER_MAX_BYTES = 64 << 10, TEXT_MAX_BYTES = 16 << 20 };

struct report {
	struct newfile file;
	struct message *about;
	enum report_kind kind;
	void (*done)(struct message *m, enum report_kind kind, bool ok);
};

/* clang-format off */
static const struct {
	const char *action;
	const char *notify;
	const char *subject;
	const char *intro;
} kinds[] = {
	[REPORT_FAILURE] = { "failed", "FAILURE",
	    "Undelivered mail returned to sender",
	    "Your message could not be delivered to the recipients below. It\n"
	    "has been removed from the queue and comes back to you.\n" },
	[REPORT_DELAY] = { "delayed", "DELAY",
	    "Delayed mail (still being retried)",
	    "Your message has not been delivered yet. You need not send it\n"
	    "again: it stays in the queue and delivery is tried further.\n" },
	[REPORT_SUCCESS] = { "delivered", "SUCCESS",
	    "Successful mail delivery report",
	    "Your message was delivered to the recipients below, as you asked\n"
	    "to be told.\n" },
};
/* clang-format on */

bool
report_wanted(const struct rcpt *r, enum report_kind kind)
{
	const struct slice want = slice_str(kinds[kind].notify);
	struct slice rest = r->env.notify;

	if (rest.n == 0)
		return kind != REPORT_SUCCESS;
	while (rest.n > 0)
		if (slice_ieq(slice_cut(rest, ',', &rest), want))
			return true;
	return false;
}

/* Is R one that a report of KIND tells of? */
static bool
concerns(const struct rcpt *r, enum report_kind kind)
{
	if (!report_wanted(r, kind))
		return false;
	if (kind == REPORT_FAILURE)
		return r->state == RCPT_FAILED;
	if (kind == REPORT_DELAY)
		return r->state == RCPT_DEFERRED;
	return r->tell_success;
}

/* ---- the text ---- */

static void
add_date(struct buf *b, int64_t at_us)
{
	const time_t s = (time_t)(at_us / 1000000);
	struct tm tm;
	char text[64];

	localtime_r(&s, &tm);
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S %z", &tm);
	buf_adds(b, text);
}

/* Foreign text inside one header or status field: no controls. */
static void
add_line(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(b, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f
				? ' '
				: s.p[i]);
}

static int
hex_value(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What xtext (RFC 3461 4) stands for, as RFC 3464 2.2.1 and 2.3.1 want it. */
static void
add_xtext(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		const bool coded = s.p[i] == '+' && i + 2 < s.n &&
				   hex_value(s.p[i + 1]) != -1 &&
				   hex_value(s.p[i + 2]) != -1;
		char c = s.p[i];

		if (coded) {
			c = (char)(hex_value(s.p[i + 1]) << 4 |
				   hex_value(s.p[i + 2]));
			i += 2;
		}
		add_line(b, slice_of(&c, 1));
	}
}

static void
add_header(struct buf *b, const struct report *rep, const char *boundary)
{
	const struct message *m = rep->about;
	const char *host = qmgr_conf->shared.hostname;

	buf_adds(b, "Date: ");
	add_date(b, clock_wall_us());
	buf_addf(
	    b, "\r\nFrom: Mail Delivery System <MAILER-DAEMON@%s>\r\n", host);
	buf_addf(b, "To: <%.*s>\r\n", SLICE_FMT(m->env.sender));
	buf_addf(b, "Subject: %s\r\n", kinds[rep->kind].subject);
	buf_addf(b, "Message-ID: <%s.report@%s>\r\n", rep->file.id, host);
	buf_adds(b, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n");
	buf_addf(b,
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"%s\"\r\n\r\n",
	    boundary);
}

/* LF to CRLF. */
static void
add_crlf(struct buf *b, struct slice text)
{
	while (text.n > 0) {
		buf_add(b, slice_cut(text, '\n', &text));
		buf_adds(b, "\r\n");
	}
}

static void
add_notice(struct buf *b, const struct report *rep)
{
	const struct message *m = rep->about;

	buf_adds(b, "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Description: Notification\r\n"
		    "Content-Transfer-Encoding: 8bit\r\n\r\n");
	buf_addf(b, "This is the mail system at host %s.\r\n\r\n",
	    qmgr_conf->shared.hostname);
	add_crlf(b, slice_str(kinds[rep->kind].intro));
	for (size_t i = 0; i < m->nrcpts; i++) {
		const struct rcpt *r = m->rcpts[i];

		if (!concerns(r, rep->kind))
			continue;
		buf_addf(b, "\r\n<%.*s>: ", SLICE_FMT(r->env.address));
		if (r->host.n > 0)
			buf_addf(b, "host %.*s said: ", SLICE_FMT(r->host));
		add_line(b, r->text);
		buf_adds(b, "\r\n");
	}
}

static void
add_status(struct buf *b, const struct report *rep, const struct rcpt *r)
{
	const bool xtext = slice_find(r->env.orcpt, ';') < r->env.orcpt.n;

	if (xtext) {
		buf_adds(b, "Original-Recipient: ");
		add_xtext(b, r->env.orcpt);
		buf_adds(b, "\r\n");
	}
	buf_addf(b, "Final-Recipient: rfc822; %.*s\r\nAction: %s\r\n",
	    SLICE_FMT(r->env.address),
	    r->status == JOB_RELAYED ? "relayed" : kinds[rep->kind].action);
	buf_addf(b, "Status: %.*s\r\n",
	    SLICE_FMT(r->dsn.n > 0 ? r->dsn : SLICE("5.0.0")));
	if (r->host.n > 0) {
		buf_adds(b, "Remote-MTA: dns; ");
		add_line(b, r->host);
		buf_adds(b, "\r\nDiagnostic-Code: smtp; ");
	} else
		buf_adds(b, "Diagnostic-Code: X-Pabal; ");
	add_line(b, r->text);
	buf_adds(b, "\r\n");
	if (rep->kind == REPORT_DELAY) {
		buf_adds(b, "Will-Retry-Until: ");
		add_date(b, rep->about->entry->arrived_us +
				qmgr_conf->queue_lifetime * 1000);
		buf_adds(b, "\r\n");
	}
	buf_adds(b, "\r\n");
}

static void
add_statuses(struct buf *b, const struct report *rep)
{
	const struct message *m = rep->about;

	buf_adds(b, "Content-Type: message/delivery-status\r\n"
		    "Content-Description: Delivery report\r\n\r\n");
	if (m->env.envid.n > 0) {
		buf_adds(b, "Original-Envelope-Id: ");
		add_xtext(b, m->env.envid);
		buf_adds(b, "\r\n");
	}
	buf_addf(b, "Reporting-MTA: dns; %s\r\n", qmgr_conf->shared.hostname);
	buf_addf(b, "X-Pabal-Queue-ID: %s\r\nArrival-Date: ", m->entry->id);
	add_date(b, m->entry->arrived_us);
	buf_adds(b, "\r\n\r\n");
	for (size_t i = 0; i < m->nrcpts; i++)
		if (concerns(m->rcpts[i], rep->kind))
			add_status(b, rep, m->rcpts[i]);
}

/* Where the header of TEXT ends (behind the empty line); its length when
 * there is no body. */
static size_t
header_end(struct slice text)
{
	const size_t crlf = slice_search(text, SLICE("\r\n\r\n"));
	const size_t lf = slice_search(text, SLICE("\n\n"));

	if (crlf < lf)
		return crlf + 4;
	return lf < text.n ? lf + 2 : text.n;
}

static bool
returns_all(const struct report *rep)
{
	const struct message *m = rep->about;

	return rep->kind == REPORT_FAILURE && !slice_iis(m->env.ret, "HDRS") &&
	       m->env.size <= qmgr_conf->bounce_size_limit;
}

static void
add_original(struct buf *b, const struct report *rep)
{
	const struct message *m = rep->about;
	const bool all = returns_all(rep);
	const size_t most = all ? (size_t)m->env.size : HEADER_MAX_BYTES;
	const size_t want =
	    m->env.size < (int64_t)most ? (size_t)m->env.size : most;
	int fd = spool_open(
	    m->entry->id, (enum spool_place)m->entry->place, O_RDONLY, NULL);
	char *text = xmalloc(want);
	struct slice part = { NULL, 0 };

	if (fd != -1 &&
	    fd_pread_all(fd, text, want, (int64_t)m->head_bytes, NULL) == 0)
		part = slice_of(text, want);
	fd_close(&fd);
	buf_addf(b,
	    "Content-Type: %s\r\nContent-Description: Undelivered message%s"
	    "\r\n\r\n",
	    all ? "message/rfc822" : "text/rfc822-headers",
	    all ? "" : " headers");
	buf_add(b, all ? part : slice_sub(part, 0, header_end(part)));
	free(text);
}

static void
add_body(struct buf *b, const struct report *rep)
{
	char boundary[64];

	snprintf(boundary, sizeof boundary, "=_%s/pabal", rep->file.id);
	add_header(b, rep, boundary);
	buf_adds(b, "This is a MIME-encapsulated message.\r\n\r\n");
	buf_addf(b, "--%s\r\n", boundary);
	add_notice(b, rep);
	buf_addf(b, "\r\n--%s\r\n", boundary);
	add_statuses(b, rep);
	buf_addf(b, "--%s\r\n", boundary);
	add_original(b, rep);
	buf_addf(b, "\r\n--%s--\r\n", boundary);
}

/* ---- writing it ---- */

static void
on_written(struct newfile *nf, int error)
{
	struct report *rep = OUTER(nf, struct report, file);
	struct message *m = rep->about;
	const enum report_kind kind = rep->kind;
	void (*done)(struct message *, enum report_kind, bool) = rep->done;

	if (error == 0)
		log_info("mail.reported", kv_s("qid", m->entry->id),
		    kv_s("kind", kinds[kind].action),
		    kv_slice("to", m->env.sender), kv_s("report", nf->id));
	newfile_fini(nf);
	free(rep);
	done(m, kind, error == 0);
}

static int
write_report(struct report *rep, struct err *err)
{
	const struct message *m = rep->about;
	struct buf body = { .max = TEXT_MAX_BYTES +
				   (size_t)qmgr_conf->bounce_size_limit };
	struct envelope_rcpt rcpt;
	struct envelope env = { .protocol = SLICE("REPORT"),
		.client = SLICE("local"),
		.body = SLICE("8BITMIME"),
		.rcpts = &rcpt,
		.nrcpts = 1 };
	struct arena arena;
	int rc = -1;

	arena_init(&arena);
	rcpt = (struct envelope_rcpt){
		.address = arena_slice(&arena, m->env.sender),
		.notify = SLICE("NEVER"),
	};
	env.smtputf8 = m->env.smtputf8;
	env.trace = arena_slice(&arena, slice_str(m->entry->id));
	env.rcpts = arena_new(&arena, struct envelope_rcpt);
	*env.rcpts = rcpt;
	if (newfile_open(&rep->file, &arena, &env, err) == -1)
		goto out;
	add_body(&body, rep);
	if (body.failed) {
		err_set(err, ERR_TEMP, "report too large");
		goto out;
	}
	if (fd_write_all(rep->file.fd, buf_slice(&body), err) == -1)
		goto out;
	rc = newfile_commit(&rep->file, (int64_t)body.n,
	    crc32c(0, buf_slice(&body)), on_written, err);
out:
	buf_fini(&body);
	return rc;
}

static bool
is_due(const struct message *m, enum report_kind kind)
{
	if (m->env.sender.n == 0)
		return false;
	for (size_t i = 0; i < m->nrcpts; i++)
		if (concerns(m->rcpts[i], kind))
			return true;
	return false;
}

void
report_write(struct message *m, enum report_kind kind,
    void (*done)(struct message *m, enum report_kind kind, bool ok))
{
	struct report *rep;
	struct err err = { 0 };

	if (!is_due(m, kind)) {
		if (kind == REPORT_FAILURE)
			log_info("mail.not-reported", kv_s("qid", m->entry->id),
			    kv_s("why", m->env.sender.n == 0 ? "null sender"
							     : "not wanted"));
		done(m, kind, true);
		return;
	}
	rep = xcalloc(1, sizeof *rep);
	rep->about = m;
	rep->kind = kind;
	rep->done = done;
	if (write_report(rep, &err) == 0)
		return;
	log_err(
	    "spool.trouble", kv_s("qid", m->entry->id), kv_s("why", err.text));
	newfile_fini(&rep->file);
	free(rep);
	done(m, kind, false);
}
