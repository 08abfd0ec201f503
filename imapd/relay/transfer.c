/* SPDX-License-Identifier: ISC */
#include "imapd/relay/transfer.h"

#include <stdlib.h>

#include "base/mem.h"
#include "imapd/cmd/limit.h"
#include "imapd/relay/fetched.h"
#include "imapd/relay/own.h"
#include "imapd/relay/transfer_inner.h"

static const struct job_ops ops;
static const struct relay_events events;

static struct transfer_job *
job_of(const struct session *s)
{
	return s->job != NULL && s->job->ops == &ops
		   ? OUTER(s->job, struct transfer_job, job)
		   : NULL;
}

static void
on_free(struct session *s, struct imapd_job *job)
{
	struct transfer_job *j = OUTER(job, struct transfer_job, job);

	(void)s;
	if (j->from != NULL && j->from->to_self)
		relay_free(j->from);
	if (j->to != NULL && j->to->to_self)
		relay_free(j->to);
	buf_fini(&j->refusal);
	buf_fini(&j->line);
	arena_fini(&j->arena);
	batches_fini(&j->batches);
	xfree(&j);
}

/* ---- what is asked next ---- */

/* BEFORE, the UIDs, BEHIND. */
static void
ask_of(struct transfer_job *j, const char *before, const uint32_t *uids,
    size_t n, const char *behind)
{
	struct buf command;

	buf_init(&command, SIZE_MAX / 2);
	buf_adds(&command, before);
	batches_put_set(&command, uids, n);
	buf_adds(&command, behind);
	transfer_ask(j, j->from, &command);
	buf_fini(&command);
}

static void
list(struct transfer_job *j)
{
	struct buf command;

	j->phase = TRANSFER_LISTING;
	buf_init(&command, SIZE_MAX / 2);
	buf_adds(&command, j->plan.uid ? "UID FETCH " : "FETCH ");
	buf_add(&command, j->plan.set_text);
	buf_adds(&command, " (UID)");
	transfer_ask(j, j->from, &command);
	buf_fini(&command);
}

static void
read_batch(struct transfer_job *j)
{
	struct batches *b = &j->batches;

	j->phase = TRANSFER_READING;
	batches_next(b);
	ask_of(j, "UID FETCH ", b->uids + b->begin, b->end - b->begin,
	    " " FETCHED_ITEMS);
}

static void
ask_to(struct transfer_job *j, enum transfer_phase phase, const char *text)
{
	j->phase = phase;
	transfer_ask_text(j, j->to, text);
}

/* The next batch, or the answer: STATUS, or our own.  All or nothing is copied.
 */
static void
next_batch(struct transfer_job *j, const struct slice *status)
{
	const bool several = !j->plan.move && batches_several(&j->batches);

	if (batches_left(&j->batches) && j->to == NULL)
		transfer_refuse(j, RELAY_LOST);
	else if (batches_left(&j->batches) && several && !j->held)
		ask_to(j, TRANSFER_HOLDING, "XCOPY BEGIN");
	else if (batches_left(&j->batches))
		read_batch(j);
	else if (j->held)
		ask_to(j, TRANSFER_KEEPING, "XCOPY KEEP");
	else if (status != NULL)
		transfer_answer_as(j, *status);
	else
		transfer_answer_done(j);
}

static void
check(struct transfer_job *j)
{
	struct buf command;

	j->phase = TRANSFER_CHECKING;
	if (!transfer_from_self(j)) {
		if (j->plan.move)
			transfer_ask_text(j, j->from, "XCANMOVE");
		else
			list(j);
		return;
	}
	buf_init(&command, TRANSFER_LINE_MAX);
	own_put_examine(j->session, &command);
	transfer_ask(j, j->from, &command);
	buf_fini(&command);
}

/* ---- the ends of commands ---- */

static struct slice
status_of(const struct session *s, struct slice line)
{
	return slice_from(line, s->tag.n + 1);
}

static bool
is_ok(struct slice status)
{
	return slice_istarts(status, SLICE("OK"));
}

static void
remove_them(struct transfer_job *j)
{
	j->phase = TRANSFER_REMOVING;
	j->removed = 0;
	if (transfer_from_self(j))
		imapd_soon(j->session);
	else
		ask_of(
		    j, "UID XREMOVE ", j->batches.read, j->batches.nread, "");
}

static void
on_read(struct transfer_job *j)
{
	if (j->batches.nread == 0) {
		next_batch(j, NULL);
		return;
	}
	j->phase = TRANSFER_WRITING;
	j->half = false;
	j->asked_to = true;
	relay_send(j->to, SLICE(""));
}

static void
on_written(struct transfer_job *j, struct slice status)
{
	if (!batches_written(&j->batches, status)) {
		transfer_refuse(j, RELAY_LOST);
	} else if (j->plan.move) {
		transfer_tell_moved(j);
		remove_them(j);
	} else {
		next_batch(j, NULL);
	}
}

/* What it was asked to take back may be there. */
static void
on_undone(struct transfer_job *j, struct slice status)
{
	if (!is_ok(status) && j->phase == TRANSFER_UNDOING) {
		buf_reset(&j->refusal);
		buf_adds(&j->refusal, "NO " TRANSFER_LOST_PART "\r\n");
	}
	transfer_go_back(j);
}

static void
on_target(struct transfer_job *j, struct slice status)
{
	const bool asked = j->asked_to;

	j->asked_to = false;
	if (!asked) {
		/* An end in the midst of what it is told. */
		relay_free(j->to);
		j->to = NULL;
		transfer_refuse(j, RELAY_LOST);
	} else if (j->refusal.n > 0) {
		on_undone(j, status);
	} else if (!is_ok(status)) {
		transfer_give_up(j, status);
	} else if (j->phase == TRANSFER_HOLDING) {
		j->held = true;
		next_batch(j, NULL);
	} else if (j->phase == TRANSFER_WRITING) {
		on_written(j, status);
	} else {
		j->held = false;
		transfer_answer_done(j);
	}
}

/* The mailbox, or the list of its messages, is there. */
static void
on_checked(struct transfer_job *j)
{
	if (!transfer_from_self(j))
		list(j);
	else if (j->same)
		next_batch(j, NULL);
	else
		transfer_refuse(j, "[UNAVAILABLE] the mailbox cannot be read");
}

static void
on_source(struct transfer_job *j, struct slice status)
{
	const enum transfer_phase was = j->phase;

	j->asked_from = false;
	j->phase = TRANSFER_BETWEEN;
	if (j->refusal.n > 0)
		transfer_go_back(j);
	else if (!is_ok(status) && transfer_from_self(j))
		transfer_refuse(j, "[UNAVAILABLE] the mailbox cannot be read");
	else if (!is_ok(status))
		transfer_give_up(j, status);
	else if (was == TRANSFER_CHECKING)
		on_checked(j);
	else if (was == TRANSFER_LISTING &&
		 slice_istarts(status, SLICE("OK [MESSAGELIMIT ")))
		imapd_refuse_limited(j->session);
	else if (was == TRANSFER_LISTING)
		next_batch(j, NULL);
	else if (was == TRANSFER_READING)
		on_read(j);
	else
		next_batch(j, &status);
}

static void
on_piece(struct relay *r, const struct answer_piece *piece)
{
	struct session *s = r->session;
	struct transfer_job *j = job_of(s);

	if (piece->kind == ANSWER_LAST)
		stream_pause(&r->stream);
	if (j == NULL)
		return;
	if (r == j->to && piece->kind == ANSWER_LAST)
		on_target(j, status_of(s, piece->bytes));
	else if (r == j->from && piece->kind == ANSWER_LAST)
		on_source(j, status_of(s, piece->bytes));
	else if (r == j->from && piece->kind == ANSWER_LITERAL)
		transfer_on_literal(j, piece->bytes);
	else if (r == j->from)
		transfer_on_text(j, piece);
}

/* ---- what becomes of the two ---- */

static void
on_open(struct relay *r)
{
	struct transfer_job *j = job_of(r->session);

	if (j == NULL)
		return;
	if (j->to == NULL) {
		j->to = r;
		if (transfer_from_self(j))
			relay_open_self(j->session, &events);
		else
			relay_open(j->session, j->plan.from, &events);
		return;
	}
	j->from = r;
	check(j);
}

static void
on_refused(struct session *s, enum found found)
{
	struct transfer_job *j = job_of(s);

	if (j == NULL)
		return;
	if (found == ABSENT)
		transfer_refuse(j, "[TRYCREATE] no such mailbox");
	else
		transfer_refuse(
		    j, "[UNAVAILABLE] temporary trouble, try again later");
}

/* What it had begun with nobody can take back any more. */
static void
on_target_lost(struct transfer_job *j)
{
	const bool part = j->held || j->asked_to;

	j->to = NULL;
	j->half = false;
	/* What is there need not be here, whatever becomes of the other end. */
	if (j->phase == TRANSFER_REMOVING && j->refusal.n == 0)
		return;
	if (part)
		buf_reset(&j->refusal);
	transfer_refuse(j, part ? TRANSFER_LOST_PART : RELAY_LOST);
}

static void
on_broken(struct session *s, const struct relay *r, bool selected, bool mid)
{
	struct transfer_job *j = job_of(s);

	/* Half an answer of these was not the client's. */
	if (j != NULL && (r == j->to || j->answer == TRANSFER_OF_MESSAGE))
		mid = false;
	if (j != NULL && r == j->from)
		j->from = NULL;
	if (relay_was_all(s, selected, mid) || j == NULL)
		return;
	if (r == j->to)
		on_target_lost(j);
	else
		transfer_refuse(j, RELAY_LOST);
}

static void
on_drained(struct relay *r)
{
	struct transfer_job *j = job_of(r->session);

	if (j == NULL || r != j->to)
		return;
	if (j->refusal.n > 0 && j->half)
		transfer_go_back(j);
	else if (j->phase == TRANSFER_READING)
		transfer_read_on(j);
}

static const struct relay_events events = {
	.on_open = on_open,
	.on_refused = on_refused,
	.on_piece = on_piece,
	.on_broken = on_broken,
	.on_drained = on_drained,
};

static void
on_more(struct session *s, struct imapd_job *job)
{
	struct transfer_job *j = OUTER(job, struct transfer_job, job);
	const struct batches *b = &j->batches;
	struct err err = { 0 };

	if (j->phase != TRANSFER_REMOVING || !transfer_from_self(j)) {
		transfer_read_on(j);
		return;
	}
	if (own_remove(s, b->read, b->nread, &j->removed, &err) == -1) {
		imapd_no(s, "move", &err);
		return;
	}
	if (j->removed < b->nread)
		imapd_soon(s);
	else
		next_batch(j, NULL);
}

static const struct job_ops ops = { .more = on_more, .free = on_free };

/* ---- its beginning ---- */

void
transfer_start(struct session *s, const struct transfer_plan *plan)
{
	struct transfer_job *j = xcalloc(1, sizeof *j);

	j->job.ops = &ops;
	j->session = s;
	j->plan = *plan;
	batches_init(&j->batches);
	buf_init(&j->refusal, TRANSFER_LINE_MAX);
	buf_init(&j->line, TRANSFER_LINE_MAX);
	arena_init(&j->arena);
	imapd_start(s, &j->job);
	if (transfer_from_self(j) &&
	    !own_uids(s, plan, &j->batches.uids, &j->batches.n))
		return;
	if (plan->to.p == NULL)
		relay_open_self(s, &events);
	else
		relay_open(s, plan->to, &events);
}
