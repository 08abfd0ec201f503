/* SPDX-License-Identifier: ISC */
#include "smtpd/review.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "ipc/milter.h"
#include "ipc/msg.h"
#include "log/log.h"
#include "mime/parser.h"
#include "smtpd/changes.h"
#include "smtpd/judge/milter.h"
#include "smtpd/message.h"
#include "smtpd/record.h"
#include "smtpd/scan.h"
#include "smtpd/spool.h"
#include "smtpd/transaction.h"
#include "sys/fd.h"

enum { PIECE_BYTES = 32768, PARTS = 3 };

/* Some bytes of a file. */
struct part {
	int fd; /* -1: an empty line */
	int64_t at, left;
};

struct smtpd_review {
	struct smtpd_session *session;
	struct ipc_call call;
	int old;              /* the message as it came */
	int new;              /* what filters made; -1: nothing */
	int64_t offset, size; /* of the old one, without our Received field */
	/* while it is made anew: */
	struct smtpd_spool *before;
	struct envelope env;
	struct buf front;
	struct part parts[PARTS];
	size_t part;
	struct smtpd_scan scan;
	struct buf rest; /* that the scan has left */
	struct ev_task task;
};

static struct smtpd_mail *
mail_of(const struct smtpd_review *r)
{
	return r->session->mail;
}

void
smtpd_review_free(struct smtpd_review **p)
{
	struct smtpd_review *r = *p;

	*p = NULL;
	if (r == NULL)
		return;
	ipc_cancel(&r->call);
	ev_task_cancel(&r->task);
	smtpd_spool_free(&r->before);
	fd_close(&r->old);
	fd_close(&r->new);
	buf_fini(&r->front);
	buf_fini(&r->rest);
	free(r);
}

/* ---- the end ---- */

/* REPLY is the end of the message, which is not kept. */
static void
end_with(struct smtpd_review *r, const char *reply)
{
	struct smtpd_session *s = r->session;

	smtpd_message_end(s, arena_str(&s->mail->arena, slice_str(reply)));
}

static void
discard(struct smtpd_review *r)
{
	struct smtpd_session *s = r->session;

	log_info("mail.discarded", kv_s("sid", s->front.sid),
	    kv_s("qid", smtpd_spool_qid(s->mail->spool)),
	    kv_slice("from", s->mail->env.sender));
	smtpd_message_discard(s);
}

static void
fail(struct smtpd_review *r, const char *why)
{
	log_warn("queue.failed", kv_s("sid", r->session->front.sid),
	    kv_s("qid", smtpd_spool_qid(mail_of(r)->spool)),
	    kv_s("step", "filter"), kv_s("why", why));
	end_with(r, "451 4.3.0 Queue file write error");
}

static void
commit(struct smtpd_review *r)
{
	struct smtpd_session *s = r->session;

	smtpd_review_free(&s->mail->review);
	smtpd_message_commit(s);
}

/* ---- making it anew ---- */

static void
put(struct smtpd_review *r, struct slice bytes)
{
	struct smtpd_mail *mail = mail_of(r);

	smtpd_spool_put(mail->spool, bytes);
	smtpd_record_feed(&mail->parser, bytes);
}

static void
on_bytes(struct smtpd_scan *sc, struct slice bytes)
{
	put(OUTER(sc, struct smtpd_review, scan), bytes);
}

static void
on_header(struct smtpd_scan *sc)
{
	(void)sc;
}

/* -1 and errno. */
static ssize_t
read_piece(const struct part *p, char *to, size_t n)
{
	ssize_t got;

	do
		got = pread(p->fd, to, n, p->at);
	while (got == -1 && errno == EINTR);
	return got;
}

/* More of the part at hand into R->rest; false: it cannot be read. */
static bool
fill(struct smtpd_review *r)
{
	struct part *p = &r->parts[r->part];
	const size_t want =
	    p->left < PIECE_BYTES ? (size_t)p->left : PIECE_BYTES;
	char *room;
	ssize_t n;

	if (p->fd == -1) {
		buf_adds(&r->rest, "\r\n");
		p->left = 0;
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
finish(struct smtpd_review *r)
{
	smtpd_scan_end(&r->scan, buf_slice(&r->rest));
	if ((r->scan.faults & SMTPD_SCAN_NUL) != 0)
		fail(r, "a filter made a message with a NUL");
	else
		commit(r);
}

static void on_room(void *arg, enum smtpd_spool_result result);

/* A piece, and the next one in another turn. */
static void
copy(struct smtpd_review *r)
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
	struct smtpd_review *r = arg;

	(void)result; /* why there is no file shows at the commit */
	ev_task_queue(&r->task);
}

static void
on_task(struct ev_task *task)
{
	copy(OUTER(task, struct smtpd_review, task));
}

static void
on_opened(void *arg, enum smtpd_spool_result result)
{
	struct smtpd_review *r = arg;
	struct smtpd_mail *mail = mail_of(r);

	if (result != SMTPD_SPOOL_OK) {
		end_with(r, result == SMTPD_SPOOL_FULL
				? "452 4.3.1 Insufficient system storage"
				: "451 4.3.0 Queue manager unavailable");
		return;
	}
	log_info("mail.changed", kv_s("sid", r->session->front.sid),
	    kv_s("qid", smtpd_spool_qid(mail->spool)),
	    kv_s("was_qid", smtpd_spool_qid(r->before)));
	put(r, buf_slice(&r->front));
	smtpd_message_received(r->session);
	copy(r);
}

/* Which bytes it is made of. */
static void
lay_out(struct smtpd_review *r, const struct msg_milter_done *in)
{
	const int64_t old_body = r->size - in->body_at;
	struct part *p = r->parts;

	p[0] = in->header ? (struct part){ r->new, 0, in->header_bytes }
			  : (struct part){ r->old, r->offset, in->body_at };
	p[1] = (struct part){ -1, 0, in->header ? 2 : 0 };
	p[2] =
	    in->body
		? (struct part){ r->new, in->header ? in->header_bytes : 0, 0 }
		: (struct part){ r->old, r->offset + in->body_at, old_body };
	if (in->body) {
		const off_t end = lseek(r->new, 0, SEEK_END);

		p[2].left = end > p[2].at ? end - p[2].at : 0;
	}
}

static bool
is_sound(const struct smtpd_review *r, const struct msg_milter_done *in)
{
	return in->body_at >= 0 && in->body_at <= r->size &&
	       in->header_bytes >= 0 &&
	       ((!in->header && !in->body) || r->new != -1);
}

static void
make_anew(struct smtpd_review *r, struct msg_milter_done *in)
{
	struct smtpd_mail *mail = mail_of(r);
	int64_t size = (int64_t)in->front.n;

	r->new = in->file;
	in->file = -1;
	if (!is_sound(r, in)) {
		fail(r, "changes that are none");
		return;
	}
	lay_out(r, in);
	for (size_t i = 0; i < PARTS; i++)
		size += r->parts[i].left;
	buf_add(&r->front, in->front);
	if (in->hold)
		r->env.hold = arena_slice(&mail->arena,
		    in->reason.n > 0 ? in->reason : SLICE("a filter"));
	mime_parser_free(&mail->parser);
	if (mail->for_mailbox)
		mail->parser = smtpd_record_parser();
	smtpd_scan_init(&r->scan, on_bytes, on_header);
	r->scan.normalise = r->scan.counted = true;
	r->before = mail->spool;
	mail->spool = smtpd_spool_open(
	    &r->env, size, r->session->front.sid, on_opened, r);
}

/* ---- the filters' answer ---- */

static void
on_continue(struct smtpd_review *r, struct msg_milter_done *in)
{
	struct smtpd_mail *mail = mail_of(r);

	if (!in->header && !in->body && !in->hold && in->front.n == 0 &&
	    in->envelope.n == 0) {
		commit(r);
		return;
	}
	r->env = mail->env;
	if (!smtpd_changes_apply(&r->env, in->envelope, &mail->arena))
		end_with(r, "451 4.7.1 Filter named an invalid address");
	else if (r->env.nrcpts == 0)
		discard(r);
	else
		make_anew(r, in);
}

static void
on_done(struct ipc_call *call, struct msg *m)
{
	struct smtpd_review *r = OUTER(call, struct smtpd_review, call);
	struct smtpd_session *s = r->session;
	struct smtpd_verdict v = { .action = POLICY_ACCEPT };
	struct msg_milter_done *in = m != NULL ? &m->milter_done : NULL;
	bool hangup = false;

	if (in == NULL || in->verdict >= MILTER_LOST)
		smtpd_milter_unavailable(s, &v);
	else if (in->verdict == MILTER_REFUSE || in->verdict == MILTER_HANGUP)
		smtpd_milter_refusal(in->text, &v);
	else if (in->verdict == MILTER_CONTINUE) {
		on_continue(r, in);
		return;
	} else {
		discard(r);
		return;
	}
	hangup = in != NULL && in->verdict == MILTER_HANGUP;
	if (smtpd_verdict_ends(&v))
		end_with(r, v.reply);
	else
		commit(r);
	if (hangup && s->front.state != FRONT_CLOSING)
		smtpd_hangup(s, "4.7.0", "Closing connection");
}

/* ---- its beginning ---- */

static void
on_file(void *arg, int fd, int64_t offset)
{
	struct smtpd_review *r = arg;

	if (fd == -1) {
		end_with(r, "451 4.3.0 Queue file read error");
		return;
	}
	r->old = fd;
	r->offset += offset;
	smtpd_milter_show(
	    r->session, fd, r->offset, r->size, &r->call, on_done);
}

bool
smtpd_review(struct smtpd_session *s, int64_t head)
{
	struct smtpd_review *r;

	if (!smtpd_milter_sees(s) && !smtpd_milter_discards(s))
		return false;
	r = xcalloc(1, sizeof *r);
	r->session = s;
	r->old = r->new = -1;
	r->offset = head;
	r->size = smtpd_spool_size(s->mail->spool) - head;
	buf_init(&r->front, MILTER_FRONT_MAX);
	buf_init(&r->rest, PIECE_BYTES + SMTPD_SCAN_HELD_MAX);
	ev_task_init(&r->task, on_task);
	s->mail->review = r;
	if (smtpd_milter_discards(s))
		discard(r);
	else
		smtpd_spool_read(s->mail->spool, on_file, r);
	return true;
}
