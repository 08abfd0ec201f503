/* SPDX-License-Identifier: ISC */
#include "jmapd/mail/blob.h"
#include "jmapd/api/session.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/mem.h"
#include "ev/work.h"
#include "jmapd/api/call.h"
#include "jmapd/api/problem.h"
#include "jmapd/mail/emails.h"
#include "jmapd/mail/mail.h"
#include "jmapd/mail/parts.h"
#include "jmapd/wire/account.h"
#include "jmapd/wire/request.h"
#include "log/log.h"
#include "mailread/body.h"
#include "mailread/mailread.h"
#include "mime/part.h"
#include "mime/transfer.h"
#include "sys/fd.h"

enum { PIECE = 64 << 10, TEXT_MAX = 8192 };

struct download {
	struct jmapd_request *request;
	struct work work;
	struct buf name, type;
	struct slice part; /* of the path; empty: the message */
	uint64_t email;
	bool begun;
	int fd;
	struct body body;
	struct mime_span span;
	struct transfer transfer; /* a part of it */
};

static void
on_gone(struct jmapd_request *r)
{
	struct download *d = jmapd_request_data(r);

	work_cancel(&d->work);
	fd_close(&d->fd);
	buf_fini(&d->name);
	buf_fini(&d->type);
	free(d);
}

static void
fail(struct download *d, const char *why)
{
	log_err("jmapd.call-failed",
	    kv_s("sid", jmapd_request_head(d->request)->sid),
	    kv_s("account", jmapd_account_name()), kv_s("method", "download"),
	    kv_s("why", why));
	if (d->begun)
		jmapd_request_break(d->request);
	else
		problem_plain(d->request, 503, "the message cannot be read");
}

static void
not_found(struct download *d)
{
	problem_plain(d->request, 404, "there is no such blob");
}

/* ---- octets ---- */

/* Some of it, its lines as they go over the wire; of a part, decoded. */
static int
read_piece(struct download *d, struct buf *out, bool *end, struct err *err)
{
	struct buf wire = { .max = 4 * PIECE };
	int rc;

	if (d->part.n == 0) {
		rc = body_write(&d->body, out, err);
		*end = d->body.left == 0;
		return rc;
	}
	rc = body_write(&d->body, &wire, err);
	transfer_feed(&d->transfer, buf_slice(&wire), out);
	buf_fini(&wire);
	*end = d->body.left == 0;
	if (*end)
		transfer_finish(&d->transfer, out);
	return rc;
}

static void
send_some(struct download *d)
{
	struct err err = { 0 };
	bool end = false;

	/* on_drained goes on */
	while (!end && !jmapd_request_full(d->request)) {
		struct buf out = { .max = 4 * PIECE };
		const int rc = read_piece(d, &out, &end, &err);

		if (rc == 0)
			jmapd_request_write(d->request, buf_slice(&out));
		buf_fini(&out);
		if (rc == -1) {
			fail(d, err.text);
			return;
		}
		if (!end && work_spent()) {
			work_queue(&d->work);
			return;
		}
	}
	if (end)
		jmapd_request_end(d->request);
}

/* ---- what it is ---- */

static void
read_from(struct download *d, uint64_t size)
{
	body_init(&d->body, d->fd, &d->span, 0, size);
	d->body.keep_nul = true;
}

static void
begin_message(struct download *d, const struct mailread *read)
{
	const uint64_t size = (uint64_t)read->info.vsize;

	d->span = (struct mime_span){ .bytes = (uint64_t)read->info.size,
		.crlf_bytes = size };
	read_from(d, size);
	jmapd_request_answer(d->request, 200,
	    d->type.n > 0 ? buf_cstr(&d->type) : "message/rfc822",
	    buf_slice(&d->name), size);
}

static bool
begin_part(struct download *d, struct mailread *read, struct err *err)
{
	const struct mime_part *part;
	struct buf type = { .max = TEXT_MAX };

	while (read->tree == NULL)
		if (mailread_tree(read, err) != FOUND)
			return false;
	part = parts_find(read->tree->root, d->part);
	if (part == NULL)
		return false;
	d->span = part->body;
	d->fd = read->fd;
	read_from(d, part->body.crlf_bytes);
	transfer_init(&d->transfer, transfer_find(part->encoding));
	parts_type(part, &type);
	jmapd_request_answer(d->request, 200,
	    d->type.n > 0 ? buf_cstr(&d->type) : buf_cstr(&type),
	    buf_slice(&d->name), JMAPD_LENGTH_UNKNOWN);
	buf_fini(&type);
	return true;
}

static void
begin(struct download *d)
{
	size_t n;
	const struct mail_email *const *v = mail_emails_find(d->email, &n);
	struct message_info info;
	struct mailread read;
	struct err err = { 0 };
	struct mailbox *m;
	bool ok;

	if (v == NULL) {
		not_found(d);
		return;
	}
	m = mail_emails_box(v[0]->box)->mailbox;
	if (message_find(m, v[0]->uid, &info, &err) != FOUND) {
		not_found(d);
		return;
	}
	mailread_init(&read, m, &info);
	ok = mailread_open(&read, &err) == FOUND;
	if (ok && d->part.n > 0)
		ok = begin_part(d, &read, &err);
	d->begun = ok;
	d->fd = ok ? read.fd : -1;
	if (ok)
		read.fd = -1;
	if (ok && d->part.n == 0)
		begin_message(d, &read);
	mailread_close(&read);
	if (ok)
		send_some(d);
	else if (err.class == ERR_TEMP)
		fail(d, err.text);
	else
		not_found(d);
}

static void
on_step(struct work *work)
{
	struct download *d = OUTER(work, struct download, work);
	struct err err = { 0 };
	bool more = true;

	if (jmapd_account() == NULL) {
		fail(d, "the account is closed");
		return;
	}
	if (d->begun) {
		send_some(d);
		return;
	}
	while (more && !work_spent())
		if (mail_emails_refresh(&more, &err) == -1) {
			fail(d, err.text);
			return;
		}
	if (more)
		work_queue(work);
	else
		begin(d);
}

static void
on_drained(struct jmapd_request *r)
{
	struct download *d = jmapd_request_data(r);

	work_queue(&d->work);
}

static const struct jmapd_request_ops ops = {
	.drained = on_drained,
	.gone = on_gone,
};

/* ---- what is asked for ---- */

/* RFC 3986 2.1; false: it is none, or has a NUL. */
static bool
decode(struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		int high, low;

		if (in.p[i] != '%') {
			buf_addc(out, in.p[i]);
			continue;
		}
		if (i + 2 >= in.n || (high = hex_digit(in.p[i + 1])) < 0 ||
		    (low = hex_digit(in.p[i + 2])) < 0 || high + low == 0)
			return false;
		buf_addc(out, (char)(high << 4 | low));
		i += 2;
	}
	return !out->failed;
}

/* "ACCOUNT/BLOB/NAME", "accept=TYPE" */
static bool
read_path(struct download *d, const struct jmapd_request_head *head)
{
	struct slice rest, blob, query = slice_str(head->query);
	char id[MAIL_ID_SIZE];

	if (!slice_eq(slice_cut(slice_str(head->path), '/', &rest),
		session_account_id()))
		return false;
	blob = slice_cut(rest, '/', &rest);
	if (!decode(rest, &d->name) || blob.n < MAIL_ID_SIZE - 1)
		return false;
	(void)slice_copy(slice_sub(blob, 0, MAIL_ID_SIZE - 1), id, sizeof id);
	if (id[0] != 'B')
		return false;
	id[0] = 'M';
	d->part = slice_from(blob, MAIL_ID_SIZE - 1);
	if (d->part.n > 0 && d->part.p[0] != '_')
		return false;
	d->part = slice_from(d->part, 1);
	if (slice_starts(query, SLICE("accept=")) &&
	    !decode(slice_from(query, 7), &d->type))
		return false;
	return mail_parse_email_id(slice_str(id), &d->email);
}

void
blob_download(struct jmapd_request *r)
{
	struct download *d = xcalloc(1, sizeof *d);

	d->request = r;
	d->fd = -1;
	buf_init(&d->name, TEXT_MAX);
	buf_init(&d->type, TEXT_MAX);
	work_init(&d->work, jmapd_account_share(), on_step);
	jmapd_request_serve(r, &ops, d);
	if (read_path(d, jmapd_request_head(r)))
		work_queue(&d->work);
	else
		not_found(d);
}
