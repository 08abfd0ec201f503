/* SPDX-License-Identifier: ISC */
/* What the source of a COPY or MOVE between two accounts says: messages go to
 * the other end as they come, and what changes in the mailbox goes to the
 * client. */
#include "imapd/parse/boxtext.h"
#include "imapd/relay/fetched.h"
#include "imapd/relay/own.h"
#include "imapd/relay/transfer_inner.h"

static void
give(struct transfer_job *j, struct slice bytes)
{
	if (j->to == NULL)
		return;
	stream_write(&j->to->stream, bytes);
	if (stream_waiting(&j->to->stream) > j->to->stream.limits->out_high) {
		stream_pause(&j->from->stream);
		stream_want_drain(&j->to->stream);
	}
	imapd_alive(j->session);
}

void
transfer_read_on(struct transfer_job *j)
{
	if (j->from != NULL && (j->refusal.n == 0 || !j->from->to_self))
		stream_resume(&j->from->stream);
}

static void
give_fetched(struct transfer_job *j, const struct fetched *l)
{
	struct session *s = j->session;
	struct buf text;

	buf_init(&text, TRANSFER_LINE_MAX);
	if (!j->half) {
		buf_add(&text, s->tag);
		buf_adds(&text, " APPEND ");
		boxtext_add(&text, s, j->plan.name);
		j->half = true;
	}
	fetched_put(&text, l);
	give(j, buf_slice(&text));
	buf_fini(&text);
	j->left = l->size;
}

/* What changes there the client is told, as of any mailbox that it has
 * selected. */
static void
pass_on(struct transfer_job *j, struct slice bytes)
{
	struct session *s = j->session;

	if (transfer_from_self(j))
		return;
	buf_add(imapd_out(s), bytes);
	if (imapd_is_full(s)) {
		stream_pause(&j->from->stream);
		imapd_more(s);
	}
}

static void
take_fetched(struct transfer_job *j, const struct fetched *l)
{
	if (j->refusal.n > 0)
		return;
	if (fetched_is_whole(l) && batches_read(&j->batches, l->uid))
		give_fetched(j, l);
	else
		transfer_refuse(j, RELAY_LOST);
}

static void
take_listed(struct transfer_job *j, uint32_t uid)
{
	if (j->refusal.n == 0 && !batches_add(&j->batches, uid))
		transfer_refuse(j, TRANSFER_TOO_MANY);
}

/* A whole line that begins an answer; J may be gone behind it. */
static void
take_line(struct transfer_job *j, struct slice line)
{
	struct fetched l = { .uid = 0 };

	j->answer = TRANSFER_OF_MESSAGE;
	if (j->phase == TRANSFER_CHECKING && transfer_from_self(j)) {
		own_is_same(j->session, line, &j->same);
	} else if (fetched_read(line, &j->arena, &l) && l.has_body &&
		   j->phase == TRANSFER_READING) {
		take_fetched(j, &l);
	} else if (l.uid > 0 && !l.has_flags && !l.has_body &&
		   j->phase == TRANSFER_LISTING) {
		take_listed(j, l.uid);
	} else {
		j->answer = TRANSFER_OF_OTHERS;
		pass_on(j, line);
	}
}

enum { ENOUGH = 32 }; /* of a line, to see what it may be */

static void
on_line(struct transfer_job *j, bool whole)
{
	const struct slice line = buf_slice(&j->line);

	if (j->line.failed) {
		j->answer = TRANSFER_OF_MESSAGE;
		transfer_refuse(j, RELAY_LOST);
	} else if (j->phase != TRANSFER_CHECKING && !fetched_may_be(line)) {
		j->answer = TRANSFER_OF_OTHERS;
		pass_on(j, line);
	} else if (whole) {
		take_line(j, line);
	}
}

void
transfer_on_text(struct transfer_job *j, const struct answer_piece *piece)
{
	struct session *s = j->session;
	const bool whole = slice_ends(piece->bytes, SLICE("\n"));

	if (j->answer == TRANSFER_OF_OTHERS) {
		pass_on(j, piece->bytes);
	} else if (j->answer == TRANSFER_OF_NOTHING) {
		buf_add(&j->line, piece->bytes);
		if (whole || j->line.n >= ENOUGH || j->line.failed)
			on_line(j, whole);
	}
	if (s->job == NULL)
		return;
	if (j->answer != TRANSFER_OF_NOTHING)
		buf_reset(&j->line);
	if (piece->ends)
		j->answer = TRANSFER_OF_NOTHING;
	arena_fini(&j->arena);
	arena_init(&j->arena);
	if (piece->ends && j->left > 0 && j->refusal.n == 0)
		transfer_refuse(j, RELAY_LOST);
}

/* What is behind the bytes that APPEND was told of would be read there as
 * commands. */
void
transfer_on_literal(struct transfer_job *j, struct slice bytes)
{
	if (j->answer == TRANSFER_OF_OTHERS)
		pass_on(j, bytes);
	else if (j->refusal.n > 0)
		return;
	else if (fetched_take(&j->left, bytes.n))
		give(j, bytes);
	else
		transfer_refuse(j, RELAY_LOST);
}
