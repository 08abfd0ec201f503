/* SPDX-License-Identifier: ISC */
#include "qmgr/report/dsn.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mime/encode.h"
#include "mime/header.h"
#include "mime/sevenbit.h"
#include "proto/address.h"
#include "qmgr/conf.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/spool.h"
#include "qmgr/report/field.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { HEADER_MAX_BYTES = 64 << 10 };

/* clang-format off */
static const struct kind {
	const char *action;
	const char *status; /* where none is known */
	const char *subject;
	const char *intro;
} kinds[] = {
	[NOTIFY_FAILURE] = { "failed", "5.0.0",
	    "Undelivered mail returned to sender",
	    "Your message could not be delivered to the recipients below. It\n"
	    "has been removed from the queue and is returned to you.\n" },
	[NOTIFY_DELAY] = { "delayed", "4.0.0",
	    "Delayed mail (still being retried)",
	    "Your message has not been delivered yet. You need not send it\n"
	    "again: it stays in the queue and delivery is tried further.\n" },
	[NOTIFY_SUCCESS] = { "delivered", "2.0.0",
	    "Successful mail delivery report",
	    "Your message was delivered to the recipients below, as you asked\n"
	    "to be told.\n" },
};
static const struct kind doubled = { "failed", "5.0.0",
    "Postmaster notice: undeliverable report",
    "A report of this host could not be delivered to the sender it is for.\n"
    "Nobody else has been told. The report is returned below.\n" };
/* clang-format on */

static const struct kind *
kind_of(const struct message *m, enum notify kind)
{
	return m->env.sender.n == 0 ? &doubled : &kinds[kind];
}

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

/* What the parts are made of. */
struct text {
	const struct message *about;
	enum notify kind;
	const char *id;
	char boundary[64];
	bool utf8; /* the sender takes UTF-8 in reports (RFC 6533) */
	size_t told;
	struct buf status;
	struct slice original; /* the message or its header */
	bool all;              /* the message */
	bool global;           /* it has UTF-8 in its header */
};

/* The ones that fail together can be very many: what a person is told of is
 * little, what a program is told of is all, if briefly. */
enum { NOTICE_RCPTS = 100, FULL_RCPTS = 1000 };

static void
add_header(struct buf *b, const struct text *t)
{
	const struct message *m = t->about;
	const char *host = qmgr_conf->shared.hostname;

	buf_adds(b, "Date: ");
	add_date(b, clock_wall_us());
	buf_addf(
	    b, "\r\nFrom: Mail Delivery System <MAILER-DAEMON@%s>\r\n", host);
	buf_addf(b, "To: <%.*s>\r\n", SLICE_FMT(notify_recipient(m)));
	buf_addf(b, "Subject: %s\r\n", kind_of(m, t->kind)->subject);
	buf_addf(b, "Message-ID: <%s.report@%s>\r\n", t->id, host);
	buf_adds(b, "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n");
	buf_addf(b,
	    "Content-Type: multipart/report; report-type=%s;\r\n"
	    "\tboundary=\"%s\"\r\n",
	    t->utf8 ? "global-delivery-status" : "delivery-status",
	    t->boundary);
}

/* What a part, or the parts in it, hold (RFC 2045 6.4). */
static void
end_header(struct buf *b, bool eightbit)
{
	if (eightbit)
		buf_adds(b, "Content-Transfer-Encoding: 8bit\r\n");
	buf_adds(b, "\r\n");
}

static void
add_notice_text(struct buf *b, const struct text *t)
{
	const struct message *m = t->about;
	size_t n = 0;

	buf_addf(b, "This is the mail system at host %s.\n\n%s",
	    qmgr_conf->shared.hostname, kind_of(m, t->kind)->intro);
	for (size_t i = 0; i < m->nrcpts && n < NOTICE_RCPTS; i++) {
		const struct rcpt *r = m->rcpts[i];

		if (!notify_concerns(r, t->kind))
			continue;
		n++;
		buf_addf(b, "\n<%.*s>: ", SLICE_FMT(r->env.address));
		if (r->host.n > 0)
			buf_addf(b, "host %.*s said: ", SLICE_FMT(r->host));
		field_text(b, r->text, true);
		buf_addc(b, '\n');
	}
	if (t->told > n)
		buf_addf(b,
		    "\nand %zu more, which the delivery report lists.\n",
		    t->told - n);
}

/* 7-bit, whatever other hosts said, so that it can be read everywhere. */
static void
add_notice(struct buf *b, const struct text *t)
{
	struct buf plain, text;
	struct encode e;
	size_t longest = 0;

	buf_init(&plain, DSN_MAX_BYTES);
	buf_init(&text, DSN_MAX_BYTES);
	add_notice_text(&plain, t);
	for (struct slice rest = buf_slice(&plain); rest.n > 0;) {
		const struct slice line = slice_cut(rest, '\n', &rest);

		longest = line.n > longest ? line.n : longest;
		buf_add(&text, line);
		buf_adds(&text, "\r\n");
	}
	buf_adds(b, "Content-Description: Notification\r\n");
	if (!sevenbit_is_8bit(buf_slice(&text)) &&
	    longest <= SEVENBIT_LINE_MAX) {
		buf_adds(
		    b, "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
		buf_add(b, buf_slice(&text));
	} else {
		buf_adds(b, "Content-Type: text/plain; charset=utf-8\r\n"
			    "Content-Transfer-Encoding: quoted-printable"
			    "\r\n\r\n");
		encode_init(&e, TRANSFER_QUOTED_PRINTABLE);
		encode_feed(&e, buf_slice(&text), b);
		encode_finish(&e, b);
	}
	buf_fini(&plain);
	buf_fini(&text);
}

/* ---- the status ---- */

static void
add_diagnostic(struct buf *b, const struct text *t, const struct rcpt *r)
{
	if (r->host.n > 0)
		field_add(b, "Remote-MTA", "dns", r->host, t->utf8);
	field_add(b, "Diagnostic-Code", r->host.n > 0 ? "smtp" : "X-Pabal",
	    r->text, t->utf8);
	if (t->kind != NOTIFY_DELAY)
		return;
	buf_adds(b, "Will-Retry-Until: ");
	add_date(
	    b, t->about->entry->arrived_us + qmgr_conf->queue_lifetime * 1000);
	buf_adds(b, "\r\n");
}

static void
add_status(struct text *t, const struct rcpt *r)
{
	struct buf *b = &t->status;
	const struct kind *kind = kind_of(t->about, t->kind);
	const struct slice status =
	    field_status(r->dsn, slice_str(kind->status));
	const bool full = t->told++ < FULL_RCPTS;

	if (full)
		field_orcpt(b, "Original-Recipient", r->env.orcpt, t->utf8);
	field_address(b, "Final-Recipient", r->env.address, t->utf8);
	buf_addf(b, "Action: %s\r\nStatus: %.*s\r\n",
	    r->status == JOB_RELAYED ? "relayed" : kind->action,
	    SLICE_FMT(status));
	if (full)
		add_diagnostic(b, t, r);
	buf_adds(b, "\r\n");
}

static void
add_statuses(struct text *t)
{
	struct buf *b = &t->status;
	const struct message *m = t->about;

	if (m->env.envid.n > 0)
		field_xtext(b, "Original-Envelope-Id", m->env.envid, t->utf8);
	buf_addf(b, "Reporting-MTA: dns; %s\r\n", qmgr_conf->shared.hostname);
	buf_addf(b, "X-Pabal-Queue-ID: %s\r\nArrival-Date: ", m->entry->id);
	add_date(b, m->entry->arrived_us);
	buf_adds(b, "\r\n\r\n");
	for (size_t i = 0; i < m->nrcpts; i++)
		if (notify_concerns(m->rcpts[i], t->kind))
			add_status(t, m->rcpts[i]);
}

/* ---- the original ---- */

static bool
returns_all(const struct text *t)
{
	const struct message *m = t->about;

	/* What required TLS is not given back (RFC 8689 5); what has lines that
	 * are none fits no report. */
	return t->kind == NOTIFY_FAILURE && !slice_iis(m->env.ret, "HDRS") &&
	       !m->env.requiretls && !slice_iis(m->env.body, "BINARYMIME") &&
	       t->told <= FULL_RCPTS &&
	       m->env.size <= qmgr_conf->bounce_size_limit;
}

/* The header of TEXT without the empty line; whole lines if it is cut. */
static struct slice
header_of(struct slice text)
{
	size_t n = header_length(text);

	if (n == text.n && n >= HEADER_MAX_BYTES)
		n = slice_rfind(text, '\n') + 1;
	return slice_sub(text, 0, n);
}

/* TEXT is taken; a file that cannot be read makes it empty. */
static void
read_original(struct text *t, char **text)
{
	const struct message *m = t->about;
	const size_t most = t->all ? (size_t)m->env.size : HEADER_MAX_BYTES;
	const size_t want =
	    m->env.size < (int64_t)most ? (size_t)m->env.size : most;
	int fd = spool_open(
	    m->entry->id, (enum spool_place)m->entry->place, O_RDONLY, NULL);
	struct slice head;

	*text = xmalloc(want + 1);
	if (fd != -1 &&
	    fd_pread_all(fd, *text, want, (int64_t)m->head_bytes, NULL) == 0)
		t->original = slice_of(*text, want);
	fd_close(&fd);
	head = header_of(t->original);
	t->global = m->env.smtputf8 && sevenbit_is_8bit(head);
	if (!t->all)
		t->original = head;
}

static const char *
original_type(const struct text *t)
{
	if (t->all)
		return t->global ? "message/global" : "message/rfc822";
	return t->global ? "message/global-headers" : "text/rfc822-headers";
}

static void
add_original(struct buf *b, const struct text *t)
{
	buf_addf(b,
	    "Content-Type: %s\r\nContent-Description: Undelivered message%s"
	    "\r\n",
	    original_type(t), t->all ? "" : " headers");
	end_header(b, sevenbit_is_8bit(t->original));
	buf_add(b, t->original);
}

/* ---- the whole ---- */

/* Does any address of the report need RFC 6533, and may the sender get it? */
static bool
is_international(const struct message *m, enum notify kind)
{
	if (!m->env.smtputf8 || address_needs_utf8(m->env.sender))
		return m->env.smtputf8;
	for (size_t i = 0; i < m->nrcpts; i++)
		if (notify_concerns(m->rcpts[i], kind) &&
		    address_needs_utf8(m->rcpts[i]->env.address))
			return true;
	return false;
}

/* All but the header. */
static void
add_parts(struct buf *b, const struct text *t)
{
	const bool status8 = sevenbit_is_8bit(buf_slice(&t->status));

	end_header(b, status8 || sevenbit_is_8bit(t->original));
	buf_adds(b, "This is a MIME-encapsulated message.\r\n\r\n");
	buf_addf(b, "--%s\r\n", t->boundary);
	add_notice(b, t);
	buf_addf(b, "\r\n--%s\r\nContent-Type: message/%s\r\n", t->boundary,
	    t->utf8 ? "global-delivery-status" : "delivery-status");
	buf_adds(b, "Content-Description: Delivery report\r\n");
	end_header(b, status8);
	buf_add(b, buf_slice(&t->status));
	buf_addf(b, "--%s\r\n", t->boundary);
	add_original(b, t);
	buf_addf(b, "\r\n--%s--\r\n", t->boundary);
}

void
dsn_add(
    struct buf *b, const struct message *m, enum notify kind, const char *id)
{
	struct text t = { .about = m, .kind = kind, .id = id };
	char *text;

	buf_init(&t.status, DSN_MAX_BYTES);
	t.utf8 = is_international(m, kind);
	snprintf(t.boundary, sizeof t.boundary, "=_%s/pabal", id);
	add_statuses(&t);
	t.all = returns_all(&t);
	read_original(&t, &text);
	add_header(b, &t);
	add_parts(b, &t);
	free(text);
	buf_fini(&t.status);
}
