/* SPDX-License-Identifier: ISC */
#include "smtpd/bdat.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mime/unbinary.h"
#include "smtpd/conf.h"
#include "smtpd/dialog.h"
#include "smtpd/finish.h"
#include "smtpd/message.h"
#include "smtpd/parse.h"
#include "smtpd/protocol.h"
#include "smtpd/scan.h"
#include "smtpd/transaction.h"

/* What the chunks of one message have in common. */
struct smtpd_chunks {
	int64_t announced; /* bytes of all chunks so far */
	bool told;         /* that the message is refused */
	/* What the scan could not tell yet at the end of a chunk, and the
	 * beginning of the next. */
	size_t nheld;
	char held[2 * SMTPD_SCAN_HELD_MAX];
};

enum { PIECE = 16 << 10 }; /* changed at once */

static const char too_large[] = "552 5.3.4 Message too large";
static const char broken_signature[] =
    "554 5.6.3 Binary content of a signed part cannot be converted";

/* The message that chunks go to; NULL: they go nowhere. */
static struct smtpd_message *
message_of(const struct smtpd_session *s)
{
	return s->state == SMTPD_CHUNKS ? s->mail->message : NULL;
}

/* ---- bytes ---- */

/* Put IN behind what is held, until the scan has got over that; gives how much
 * of IN was taken. */
static size_t
feed_held(struct smtpd_message *m, struct slice in)
{
	struct smtpd_chunks *c = m->chunks;
	const size_t had = c->nheld;
	const struct slice more = slice_sub(in, 0, sizeof c->held - had);
	size_t used;

	memcpy(c->held + had, more.p, more.n);
	c->nheld += more.n;
	used = smtpd_scan(&m->scan, slice_of(c->held, c->nheld));
	if (used >= had) {
		c->nheld = 0;
		return used - had;
	}
	c->nheld -= used;
	memmove(c->held, c->held + used, c->nheld);
	return more.n;
}

/* Scan IN, of which LAST is the end of the chunk: the next one begins elsewhere
 * in the stream. */
static size_t
feed(struct smtpd_message *m, struct slice in, bool last)
{
	struct smtpd_chunks *c = m->chunks;
	size_t n = 0;

	if (c->nheld > 0 && in.n > 0)
		n = feed_held(m, in);
	if (n < in.n)
		n += smtpd_scan(&m->scan, slice_from(in, n));
	if (!last || n == in.n)
		return n;
	c->nheld = in.n - n;
	memcpy(c->held, in.p + n, c->nheld);
	return in.n;
}

/* The same where parts may be binary: they are changed first, all that comes is
 * taken at once. */
static void
feed_binary(struct smtpd_message *m, struct slice in)
{
	struct buf *out = unbinary_out(m->mail->unbinary);

	while (in.n > 0 && m->refusal == NULL) {
		unbinary_feed(m->mail->unbinary, slice_sub(in, 0, PIECE));
		buf_consume(out, smtpd_scan(&m->scan, buf_slice(out)));
		smtpd_message_judge(m);
		in = slice_from(in, PIECE);
	}
}

/* The message has ended: so does what was changed of it. */
static void
end_binary(struct smtpd_message *m)
{
	struct unbinary *u = m->mail->unbinary;
	struct buf *out = unbinary_out(u);

	unbinary_end(u);
	buf_consume(out, smtpd_scan(&m->scan, buf_slice(out)));
	smtpd_scan_end(&m->scan, buf_slice(out));
	if (unbinary_broke_signature(u))
		smtpd_message_refuse(m, broken_signature);
}

/* ---- the end of a chunk ---- */

/* It belonged to no message, or to one that was refused before.  Who sends
 * without waiting has made one mistake, however many chunks are on their way.
 */
static void
turn_down(struct smtpd_session *s)
{
	const bool over = s->state == SMTPD_CHUNKS && s->chunk.last;

	smtpd_session_mode(s, SMTPD_LINES);
	if (s->chunk.again) {
		smtpd_reply(s, s->chunk.refusal);
		smtpd_junk(s);
	} else {
		smtpd_mistake(s, s->chunk.refusal);
	}
	if (over)
		smtpd_session_enter(s, SMTPD_GREETED);
}

static void
end_message(struct smtpd_session *s, struct smtpd_message *m)
{
	const struct smtpd_chunks *c = m->chunks;

	if (m->refusal == NULL) {
		if (m->mail->unbinary != NULL)
			end_binary(m);
		else
			smtpd_scan_end(&m->scan, slice_of(c->held, c->nheld));
		smtpd_message_judge(m);
	}
	smtpd_finish(s);
}

static void
end_chunk(struct smtpd_session *s)
{
	struct smtpd_message *m = message_of(s);

	if (s->chunk.refusal != NULL) {
		turn_down(s);
	} else if (s->chunk.last) {
		end_message(s, m);
	} else {
		smtpd_session_mode(s, SMTPD_LINES);
		if (m->refusal == NULL) {
			smtpd_replyf(s, "250 2.0.0 %lld octets received",
			    (long long)s->chunk.size);
			smtpd_message_rest(s);
			return;
		}
		m->chunks->told = true;
		smtpd_finish_log_refused(s);
		smtpd_reply(s, m->refusal);
	}
}

/* Thrown away without a message to count it. */
static void
discard(struct smtpd_session *s, size_t n)
{
	const int64_t before = s->chunk.unused;

	s->chunk.unused += (int64_t)n;
	if (before / SMTPD_PROGRESS_BYTES !=
	    s->chunk.unused / SMTPD_PROGRESS_BYTES)
		smtpd_session_touch(s);
	if (s->chunk.unused >
	    SMTPD_PATIENCE * smtpd_conf->shared.message_size_limit)
		smtpd_hangup(s, "4.7.0", "Too much data without a message");
}

size_t
smtpd_bdat_input(struct smtpd_session *s, struct slice in)
{
	struct smtpd_message *m = message_of(s);
	const bool last = in.n >= (uint64_t)s->chunk.left;
	size_t n;

	in = slice_sub(in, 0, (size_t)(last ? s->chunk.left : (int64_t)in.n));
	n = in.n;
	if (m != NULL && m->refusal == NULL && m->mail->unbinary != NULL) {
		feed_binary(m, in);
	} else if (m != NULL && m->refusal == NULL) {
		n = feed(m, in, last);
		smtpd_message_judge(m);
	}
	s->chunk.left -= (int64_t)n;
	if (m != NULL)
		smtpd_message_progress(s, n);
	else
		discard(s, n);
	if (s->chunk.left == 0)
		end_chunk(s);
	else if (m != NULL)
		smtpd_message_rest(s);
	return n;
}

/* ---- the command ---- */

/* The chunk's bytes are next, if there are any. */
static void
begin_chunk(struct smtpd_session *s)
{
	if (s->chunk.left == 0)
		end_chunk(s);
	else
		smtpd_session_mode(s, SMTPD_CHUNK);
}

/* Mailboxes, and most other hosts, take lines alone: what is binary becomes
 * base 64 on its way into the queue, and so is nowhere behind it. */
static void
convert(struct smtpd_message *m)
{
	m->mail->unbinary = unbinary_new();
	m->mail->env.body = SLICE("8BITMIME");
	m->stored_max += m->size_max / 2;
}

static struct smtpd_message *
begin_message(struct smtpd_session *s)
{
	struct smtpd_message *m = smtpd_message_new(s);

	m->scan.counted = true;
	m->chunks = arena_new(&s->mail->arena, struct smtpd_chunks);
	if (slice_is(s->mail->env.body, "BINARYMIME"))
		convert(m);
	smtpd_session_enter(s, SMTPD_CHUNKS);
	return m;
}

/* The first chunk of a message tells how large it is at least. */
static void
open_message(struct smtpd_session *s)
{
	const int64_t said = s->mail->size_said;

	smtpd_message_open(
	    s, said > s->chunk.size ? said : s->chunk.size, begin_chunk);
}

/* Count the chunk in; false: with it M is too large. */
static bool
admit(struct smtpd_message *m, int64_t size)
{
	struct smtpd_chunks *c = m->chunks;

	if (size <= m->size_max - c->announced) {
		c->announced += size;
		return true;
	}
	smtpd_message_refuse(m, too_large);
	return false;
}

/* Why no chunk may come now; NULL: it may. */
static const char *
out_of_order(const struct smtpd_session *s)
{
	if (s->state == SMTPD_NEW || !s->extended)
		return s->protocol->speaks == SMTPD_SPEAKS_LMTP
			   ? "503 5.5.1 Send LHLO first"
			   : "503 5.5.1 Send EHLO first";
	if (s->state == SMTPD_GREETED)
		return "503 5.5.1 Need MAIL command";
	if (s->state == SMTPD_MAIL)
		return "503 5.5.1 No valid recipients";
	if (s->state == SMTPD_CHUNKS && s->mail->message->chunks->told)
		return "503 5.5.1 Message was rejected, send RSET";
	return NULL;
}

void
smtpd_bdat_command(struct smtpd_session *s, struct slice args)
{
	struct smtpd_chunk *c = &s->chunk;
	struct smtpd_message *m;
	bool first;

	*c = (struct smtpd_chunk){
		.again = c->refusal != NULL,
		.unused = c->refusal != NULL ? c->unused : 0,
	};
	if (!smtpd_parse_bdat(args, &c->size, &c->last)) {
		/* Nobody knows where the next command would begin. */
		smtpd_reply(s, "501 5.5.4 Syntax: BDAT size [LAST]");
		smtpd_hangup(s, "4.7.0", "Chunk of unknown size");
		return;
	}
	c->left = c->size;
	c->refusal = out_of_order(s);
	if (c->refusal != NULL) {
		begin_chunk(s);
		return;
	}
	first = s->state == SMTPD_RCPT;
	m = first ? begin_message(s) : s->mail->message;
	if (admit(m, c->size) && first)
		open_message(s);
	else
		begin_chunk(s);
}
