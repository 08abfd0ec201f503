/* SPDX-License-Identifier: ISC */
#include "smtpd/remake.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "ipc/milter.h"
#include "log/log.h"
#include "mime/parser.h"
#include "queue/envelope.h"
#include "smtpd/dialog.h"
#include "smtpd/message.h"
#include "smtpd/record.h"
#include "smtpd/scan.h"
#include "smtpd/spool.h"
#include "smtpd/trace.h"
#include "smtpd/transaction.h"

enum { PIECE_BYTES = 32768, FIELD_MAX = 4096, PARTS = 3 };

/* Some bytes of a file, or of memory. */
struct extent {
	int fd; /* -1: they are in TEXT */
	int64_t at, left;
	struct slice text;
};

struct smtpd_remake {
	struct smtpd_session *session;
	struct smtpd_spool *before;
	struct buf front;
	struct extent parts[PARTS];
	size_t part;
	struct smtpd_scan scan;
	struct buf rest; /* that the scan has left */
	struct ev_task task;
	void (*then)(void *arg, const char *refusal);
	void *arg;
};

static struct smtpd_mail *
mail_of(const struct smtpd_remake *r)
{
	return r->session->mail;
}

void
smtpd_remake_free(struct smtpd_remake **p)
{
	struct smtpd_remake *r = *p;

	*p = NULL;
	if (r == NULL)
		return;
	ev_task_cancel(&r->task);
	smtpd_spool_free(&r->before);
	buf_fini(&r->front);
	buf_fini(&r->rest);
	free(r);
}

static void
fail(struct smtpd_remake *r, const char *why)
{
	log_warn("queue.failed", kv_s("sid", r->session->front.sid),
	    kv_s("qid", smtpd_spool_qid(mail_of(r)->spool)),
	    kv_s("step", "remake"), kv_s("why", why));
	r->then(r->arg, "451 4.3.0 Queue file write error");
}

/* ---- its bytes ---- */

static void
put(struct smtpd_remake *r, struct slice bytes)
{
	struct smtpd_mail *mail = mail_of(r);

	smtpd_spool_put(mail->spool, bytes);
	smtpd_record_feed(&mail->parser, bytes);
}

static void
on_bytes(struct smtpd_scan *sc, struct slice bytes)
{
	put(OUTER(sc, struct smtpd_remake, scan), bytes);
}

static void
on_header(struct smtpd_scan *sc)
{
	(void)sc;
}

/* -1 and errno. */
static ssize_t
read_piece(const struct extent *p, char *to, size_t n)
{
	ssize_t got;

	do
		got = pread(p->fd, to, n, p->at);
	while (got == -1 && errno == EINTR);
	return got;
}

/* More of the part at hand into R->rest; false: it cannot be read. */
static bool
fill(struct smtpd_remake *r)
{
	struct extent *p = &r->parts[r->part];
	const size_t want =
	    p->left < PIECE_BYTES ? (size_t)p->left : PIECE_BYTES;
	char *room;
	ssize_t n;

	if (p->fd == -1) {
		buf_add(&r->rest, slice_sub(p->text, (size_t)p->at, want));
		p->at += (int64_t)want;
		p->left -= (int64_t)want;
		return true;
	}
	room = buf_room(&r->rest, want);
	must(room != NULL);
	n = read_piece(p, room, want);
	if (n <= 0)
		return false;
	buf_added(&r->rest, (size_t)n);
	p->at += n;
	p->left -= n;
	return true;
}

static void
finish(struct smtpd_remake *r)
{
	smtpd_scan_end(&r->scan, buf_slice(&r->rest));
	if ((r->scan.faults & SMTPD_SCAN_NUL) != 0)
		fail(r, "the new message has a NUL");
	else
		r->then(r->arg, NULL);
}

static void on_room(void *arg, enum smtpd_spool_result result);

/* A piece, and the next one in another turn. */
static void
copy(struct smtpd_remake *r)
{
	while (r->part < PARTS && r->parts[r->part].left == 0)
		r->part++;
	if (r->part == PARTS) {
		finish(r);
		return;
	}
	if (!fill(r)) {
		fail(r, "the message cannot be read");
		return;
	}
	buf_consume(&r->rest, smtpd_scan(&r->scan, buf_slice(&r->rest)));
	if (!smtpd_spool_rest(mail_of(r)->spool, on_room, r))
		ev_task_queue(&r->task);
}

static void
on_room(void *arg, enum smtpd_spool_result result)
{
	struct smtpd_remake *r = arg;

	(void)result; /* why there is no file shows at the commit */
	ev_task_queue(&r->task);
}

static void
on_task(struct ev_task *task)
{
	copy(OUTER(task, struct smtpd_remake, task));
}

/* ---- its beginning ---- */

static void
on_opened(void *arg, enum smtpd_spool_result result)
{
	struct smtpd_remake *r = arg;
	struct smtpd_mail *mail = mail_of(r);
	struct buf fields = { .max = FIELD_MAX };

	if (result != SMTPD_SPOOL_OK) {
		r->then(r->arg, result == SMTPD_SPOOL_FULL
				    ? "452 4.3.1 Insufficient system storage"
				    : "451 4.3.0 Queue manager unavailable");
		return;
	}
	log_info("mail.changed", kv_s("sid", r->session->front.sid),
	    kv_s("qid", smtpd_spool_qid(mail->spool)),
	    kv_s("was_qid", smtpd_spool_qid(r->before)));
	put(r, buf_slice(&r->front));
	smtpd_trace_fields(r->session, &fields);
	put(r, buf_slice(&fields));
	buf_fini(&fields);
	mail->message->head = smtpd_spool_size(mail->spool);
	copy(r);
}

static struct extent
in_memory(struct slice text)
{
	return (
	    struct extent){ .fd = -1, .left = (int64_t)text.n, .text = text };
}

/* N bytes of the old message from AT on. */
static struct extent
of_old(const struct smtpd_remade *in, int64_t at, int64_t n)
{
	if (in->old == -1)
		return in_memory(
		    slice_sub(in->old_text, (size_t)at, (size_t)n));
	return (
	    struct extent){ .fd = in->old, .at = in->offset + at, .left = n };
}

/* Which bytes it is made of. */
static void
lay_out(struct extent *p, const struct smtpd_remade *in)
{
	const int64_t old_body = in->size - in->body_at;
	const int64_t new_body = in->header ? in->header_bytes : 0;

	p[0] = of_old(in, 0, in->body_at);
	p[1] = in_memory(in->header ? SLICE("\r\n") : SLICE(""));
	p[2] = of_old(in, in->body_at, old_body);
	if (in->header_text.p != NULL)
		p[0] = in_memory(in->header_text);
	else if (in->header)
		p[0] =
		    (struct extent){ .fd = in->new, .left = in->header_bytes };
	if (in->body) {
		const off_t end = lseek(in->new, 0, SEEK_END);

		p[2] = (struct extent){ .fd = in->new,
			.at = new_body,
			.left = end > new_body ? end - new_body : 0 };
	}
}

static bool
is_sound(const struct smtpd_remade *in)
{
	return in->body_at >= 0 && in->body_at <= in->size &&
	       (in->old != -1 || (uint64_t)in->size == in->old_text.n) &&
	       in->header_bytes >= 0 &&
	       ((!in->header && !in->body) || in->new != -1);
}

void
smtpd_remake(struct smtpd_remake **p, struct smtpd_session *s,
    const struct smtpd_remade *from, const struct envelope *env,
    void (*then)(void *arg, const char *refusal), void *arg)
{
	struct smtpd_remake *r = *p = xcalloc(1, sizeof *r);
	struct smtpd_mail *mail = s->mail;
	struct envelope made = *env;
	int64_t size = (int64_t)from->front.n;

	r->session = s;
	r->then = then;
	r->arg = arg;
	buf_init(&r->front, MILTER_FRONT_MAX);
	buf_init(&r->rest, PIECE_BYTES + SMTPD_SCAN_HELD_MAX);
	ev_task_init(&r->task, on_task);
	if (!is_sound(from)) {
		fail(r, "changes that are none");
		return;
	}
	lay_out(r->parts, from);
	for (size_t i = 0; i < PARTS; i++)
		size += r->parts[i].left;
	buf_add(&r->front, from->front);
	mime_parser_free(&mail->parser);
	if (mail->for_mailbox)
		mail->parser = smtpd_record_parser();
	smtpd_scan_init(&r->scan, on_bytes, on_header);
	r->scan.normalise = r->scan.counted = true;
	r->before = mail->spool;
	/* Where they are not those that the client named, he cannot be told who
	 * of them rejects it: by this qmgr knows. */
	if (env->rcpts != mail->env.rcpts)
		made.trace = slice_str(smtpd_spool_qid(r->before));
	mail->spool = smtpd_spool_open(&made, size, s->front.sid, on_opened, r);
}
