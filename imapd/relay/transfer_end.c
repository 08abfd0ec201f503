/* SPDX-License-Identifier: ISC */
/*
 * How a COPY or MOVE to another account ends.
 *
 * What has to end before a refusal is told, in this order: the answer that is
 * being read, where it is the client's own mailbox elsewhere; the APPEND that
 * has begun, which is filled up and then spoilt, so that none of it goes in;
 * what was copied in batches before, which the other end takes back.
 */
#include <string.h>

#include "imapd/relay/job.h"
#include "imapd/relay/transfer_inner.h"

bool
transfer_from_self(const struct transfer_job *j)
{
	return j->plan.from.p == NULL;
}

/* ---- asking ---- */

void
transfer_ask(struct transfer_job *j, struct relay *r, const struct buf *command)
{
	struct buf line;

	buf_init(&line, SIZE_MAX / 2);
	buf_add(&line, j->session->tag);
	buf_addc(&line, ' ');
	buf_add(&line, buf_slice(command));
	if (r == j->from)
		j->asked_from = true;
	else
		j->asked_to = true;
	relay_send(r, buf_slice(&line));
	buf_fini(&line);
}

void
transfer_ask_text(struct transfer_job *j, struct relay *r, const char *text)
{
	struct buf command;

	buf_init(&command, TRANSFER_LINE_MAX);
	buf_adds(&command, text);
	transfer_ask(j, r, &command);
	buf_fini(&command);
}

/* ---- answers ---- */

void
transfer_answer_as(struct transfer_job *j, struct slice status)
{
	struct session *s = j->session;

	buf_add(imapd_out(s), s->tag);
	buf_addc(imapd_out(s), ' ');
	buf_add(imapd_out(s), status);
	relay_answered(s);
}

void
transfer_tell_moved(struct transfer_job *j)
{
	struct buf code;

	buf_init(&code, SIZE_MAX / 2);
	batches_put_copyuid(&j->batches, &code);
	imapd_untagged(j->session, "OK %s Moved UIDs", buf_cstr(&code));
	buf_fini(&code);
}

void
transfer_answer_done(struct transfer_job *j)
{
	struct buf code;

	if (j->plan.move) {
		imapd_ok_highest(j->session, "MOVE completed");
		return;
	}
	buf_init(&code, SIZE_MAX / 2);
	if (j->batches.any) {
		batches_put_copyuid(&j->batches, &code);
		buf_addc(&code, ' ');
	}
	imapd_ok(j->session, "%sCOPY completed", buf_cstr(&code));
	buf_fini(&code);
}

/* ---- giving up ---- */

static void
answer_refused(struct transfer_job *j)
{
	struct buf text = j->refusal;

	buf_init(&j->refusal, TRANSFER_LINE_MAX);
	transfer_answer_as(j, buf_slice(&text));
	buf_fini(&text);
}

/* The rest of the message that the other end was told of is blanks, and what
 * stands behind it is nothing that an APPEND could go on with. */
static void
spoil(struct transfer_job *j)
{
	struct stream *out = &j->to->stream;
	char blanks[4096];

	memset(blanks, ' ', sizeof blanks);
	while (j->left > 0 && stream_waiting(out) <= out->limits->out_high) {
		const size_t n =
		    j->left < sizeof blanks ? (size_t)j->left : sizeof blanks;

		stream_write(out, slice_of(blanks, n));
		j->left -= n;
	}
	if (j->left > 0) {
		stream_want_drain(out);
		return;
	}
	j->half = false;
	j->asked_to = true;
	relay_send(j->to, SLICE("("));
}

/* The own account's process can be left in the midst of an answer: nobody but
 * this job hears it. */
static bool
reads_on(struct transfer_job *j)
{
	if (j->from == NULL || !j->asked_from)
		return false;
	if (j->from->to_self)
		stream_pause(&j->from->stream);
	else
		stream_resume(&j->from->stream);
	return !j->from->to_self;
}

void
transfer_go_back(struct transfer_job *j)
{
	if (reads_on(j))
		return;
	if (j->to != NULL && j->half) {
		spoil(j);
	} else if (j->to != NULL && j->asked_to) {
		stream_resume(&j->to->stream);
	} else if (j->to != NULL && j->held) {
		j->held = false;
		j->phase = TRANSFER_UNDOING;
		transfer_ask_text(j, j->to, "XCOPY UNDO");
	} else {
		answer_refused(j);
	}
}

void
transfer_give_up(struct transfer_job *j, struct slice status)
{
	if (j->refusal.n == 0)
		buf_add(&j->refusal, status);
	transfer_go_back(j);
}

void
transfer_refuse(struct transfer_job *j, const char *text)
{
	struct buf status;

	buf_init(&status, TRANSFER_LINE_MAX);
	buf_addf(&status, "NO %s\r\n", text);
	transfer_give_up(j, buf_slice(&status));
	buf_fini(&status);
}
