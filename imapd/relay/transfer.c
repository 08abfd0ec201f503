/* SPDX-License-Identifier: ISC */
#include "imapd/relay/transfer.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "imapd/cmd/limit.h"
#include "imapd/conn/session.h"
#include "imapd/parse/boxtext.h"
#include "imapd/parse/seqset_write.h"
#include "imapd/relay/fetched.h"
#include "imapd/relay/job.h"
#include "imapd/relay/own.h"
#include "imapd/relay/relay_inner.h"

enum {
	/* Of one APPEND; each has a file open there (incoming.c). */
	BATCH_MAX = 1000,
	UIDS_MAX = 10 * 1000 * 1000, /* that another process may list */
	LINE_MAX_BYTES = 64 << 10,
};

#define TOO_MANY                                                               \
	"[LIMIT] too many messages for another account, take some of them"

enum phase {
	BETWEEN,  /* nothing was asked; at first neither is open */
	CHECKING, /* may they be moved?  Is this the mailbox? */
	LISTING,  /* which are they? */
	READING,
	WRITING, /* waits for the other end */
	REMOVING,
};

/* Which answer the lines that come belong to. */
enum answer_of { OF_NOTHING, OF_MESSAGE, OF_OTHERS };

struct transfer_job {
	struct imapd_job job;
	struct session *session;
	struct transfer_plan plan;
	enum phase phase;
	struct relay *from, *to; /* NULL: not there */
	struct buf refusal;      /* "NO ...": what went wrong first */

	uint32_t *uids; /* all, ascending */
	size_t n, cap;
	size_t begun;  /* of them in batches so far */
	size_t nbatch; /* of the batch that were read */
	size_t removed;
	uint32_t batch[BATCH_MAX];
	uint32_t copies[BATCH_MAX];
	uint32_t uidvalidity; /* of where they go, then */
	bool half;            /* the APPEND goes on */
	bool same;            /* the mailbox that was opened is the selected */

	struct buf line; /* of an answer, so far */
	enum answer_of answer;
	uint64_t left;      /* of the literal that APPEND was told of */
	struct arena arena; /* of a line */
};

static const struct job_ops ops;
static const struct relay_events events;

static struct transfer_job *
job_of(const struct session *s)
{
	return s->job != NULL && s->job->ops == &ops
		   ? OUTER(s->job, struct transfer_job, job)
		   : NULL;
}

static bool
is_from_self(const struct transfer_job *j)
{
	return j->plan.from.p == NULL;
}

/* ---- its end ---- */

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
	xfree(&j->uids);
	xfree(&j);
}

/* A line of an answer that is the client's; STATUS: "NO [CODE] text" CRLF. */
static void
answer_as(struct transfer_job *j, struct slice status)
{
	struct session *s = j->session;

	buf_add(imapd_out(s), s->tag);
	buf_addc(imapd_out(s), ' ');
	buf_add(imapd_out(s), status);
	relay_answered(s);
}

static void
answer_refused(struct transfer_job *j)
{
	struct buf text = j->refusal;

	buf_init(&j->refusal, LINE_MAX_BYTES);
	answer_as(j, buf_slice(&text));
	buf_fini(&text);
}

/* Where the own account's process is asked there is nobody who could not wait
 * for the rest. */
static bool
may_answer(const struct transfer_job *j)
{
	return j->from == NULL || j->from->to_self ||
	       (j->phase != READING && j->phase != LISTING);
}

/* What has begun to be written there is not to be; the answer to what is being
 * read is read to its end. */
static void
give_up(struct transfer_job *j, struct slice status)
{
	if (j->refusal.n == 0)
		buf_add(&j->refusal, status);
	if (j->to != NULL && j->half) {
		relay_free(j->to);
		j->to = NULL;
	}
	if (may_answer(j))
		answer_refused(j);
	else
		stream_resume(&j->from->stream);
}

static void
refuse(struct transfer_job *j, const char *text)
{
	struct buf status;

	buf_init(&status, LINE_MAX_BYTES);
	buf_addf(&status, "NO %s\r\n", text);
	give_up(j, buf_slice(&status));
	buf_fini(&status);
}

static void
put_set(struct buf *out, const uint32_t *uids, size_t n)
{
	struct seqset_writer w = { .lo = 0 };

	for (size_t i = 0; i < n; i++)
		seqset_put(&w, uids[i], out);
	seqset_finish(&w, out);
}

/* "[COPYUID uidvalidity source target]", RFC 4315 3 */
static void
put_copyuid(struct buf *out, const struct transfer_job *j)
{
	buf_addf(out, "[COPYUID %u ", j->uidvalidity);
	put_set(out, j->batch, j->nbatch);
	buf_addc(out, ' ');
	put_set(out, j->copies, j->nbatch);
	buf_addc(out, ']');
}

static void
tell_moved(struct transfer_job *j)
{
	struct buf code;

	buf_init(&code, SIZE_MAX / 2);
	put_copyuid(&code, j);
	imapd_untagged(j->session, "OK %s Moved UIDs", buf_cstr(&code));
	buf_fini(&code);
}

static void
answer_copied(struct transfer_job *j)
{
	struct buf code;

	buf_init(&code, SIZE_MAX / 2);
	put_copyuid(&code, j);
	imapd_ok(j->session, "%s COPY completed", buf_cstr(&code));
	buf_fini(&code);
}

/* ---- asking ---- */

static void
ask(struct transfer_job *j, struct relay *r, const struct buf *command)
{
	struct buf line;

	buf_init(&line, SIZE_MAX / 2);
	buf_add(&line, j->session->tag);
	buf_addc(&line, ' ');
	buf_add(&line, buf_slice(command));
	relay_send(r, buf_slice(&line));
	buf_fini(&line);
}

static void
ask_text(struct transfer_job *j, struct relay *r, const char *text)
{
	struct buf command;

	buf_init(&command, LINE_MAX_BYTES);
	buf_adds(&command, text);
	ask(j, r, &command);
	buf_fini(&command);
}

/* BEFORE, the UIDs, BEHIND. */
static void
ask_of(struct transfer_job *j, const char *before, const uint32_t *uids,
    size_t n, const char *behind)
{
	struct buf command;

	buf_init(&command, SIZE_MAX / 2);
	buf_adds(&command, before);
	put_set(&command, uids, n);
	buf_adds(&command, behind);
	ask(j, j->from, &command);
	buf_fini(&command);
}

static void
list(struct transfer_job *j)
{
	struct buf command;

	j->phase = LISTING;
	buf_init(&command, SIZE_MAX / 2);
	buf_adds(&command, j->plan.uid ? "UID FETCH " : "FETCH ");
	buf_add(&command, j->plan.set_text);
	buf_adds(&command, " (UID)");
	ask(j, j->from, &command);
	buf_fini(&command);
}

static void
read_batch(struct transfer_job *j)
{
	const size_t left = j->n - j->begun;
	const size_t n = left < BATCH_MAX ? left : BATCH_MAX;

	j->phase = READING;
	j->nbatch = 0;
	j->begun += n;
	ask_of(j, "UID FETCH ", j->uids + j->begun - n, n, " " FETCHED_ITEMS);
}

/* The next batch, or the answer: STATUS, or our own. */
static void
next_batch(struct transfer_job *j, const struct slice *status)
{
	if (j->begun < j->n && j->to == NULL)
		refuse(j, RELAY_LOST);
	else if (j->begun < j->n)
		read_batch(j);
	else if (status != NULL)
		answer_as(j, *status);
	else if (j->plan.move)
		imapd_ok_highest(j->session, "MOVE completed");
	else
		imapd_ok(j->session, "COPY completed");
}

/* All or nothing is copied. */
static void
begin_batches(struct transfer_job *j)
{
	if (!j->plan.move && j->n > BATCH_MAX)
		refuse(j, TOO_MANY);
	else
		next_batch(j, NULL);
}

static void
check(struct transfer_job *j)
{
	struct buf command;

	j->phase = CHECKING;
	if (!is_from_self(j)) {
		if (j->plan.move)
			ask_text(j, j->from, "XCANMOVE");
		else
			list(j);
		return;
	}
	buf_init(&command, LINE_MAX_BYTES);
	own_put_examine(j->session, &command);
	ask(j, j->from, &command);
	buf_fini(&command);
}

/* ---- what is read ---- */

static bool
is_asked_for(const struct transfer_job *j, uint32_t uid)
{
	const uint32_t last = j->nbatch > 0 ? j->batch[j->nbatch - 1] : 0;

	if (uid <= last || j->nbatch == BATCH_MAX)
		return false;
	for (size_t i = j->begun; i > 0; i--)
		if (j->uids[i - 1] <= uid)
			return j->uids[i - 1] == uid;
	return false;
}

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

static void
give_fetched(struct transfer_job *j, const struct fetched *l)
{
	struct session *s = j->session;
	struct buf text;

	buf_init(&text, LINE_MAX_BYTES);
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
	j->batch[j->nbatch++] = l->uid;
}

/* What changes there the client is told, as of any mailbox that it has
 * selected. */
static void
pass_on(struct transfer_job *j, struct slice bytes)
{
	struct session *s = j->session;

	if (is_from_self(j))
		return;
	buf_add(imapd_out(s), bytes);
	if (imapd_is_full(s)) {
		stream_pause(&j->from->stream);
		imapd_more(s);
	}
}

static void
add_uid(struct transfer_job *j, uint32_t uid)
{
	if (j->n > 0 && uid <= j->uids[j->n - 1]) {
		refuse(j, RELAY_LOST);
		return;
	}
	if (j->n == UIDS_MAX) {
		refuse(j, TOO_MANY);
		return;
	}
	if (j->n == j->cap) {
		j->cap = j->cap > 0 ? 2 * j->cap : 256;
		j->uids = xreallocarray(j->uids, j->cap, sizeof *j->uids);
	}
	j->uids[j->n++] = uid;
}

static void
take_fetched(struct transfer_job *j, const struct fetched *l)
{
	if (j->refusal.n > 0)
		return;
	if (fetched_is_whole(l) && is_asked_for(j, l->uid))
		give_fetched(j, l);
	else
		refuse(j, RELAY_LOST);
}

/* A whole line that begins an answer; J may be gone behind it. */
static void
take_line(struct transfer_job *j, struct slice line)
{
	struct fetched l = { .uid = 0 };

	j->answer = OF_MESSAGE;
	if (j->phase == CHECKING && is_from_self(j)) {
		own_is_same(j->session, line, &j->same);
	} else if (fetched_read(line, &j->arena, &l) && l.has_body &&
		   j->phase == READING) {
		take_fetched(j, &l);
	} else if (l.uid > 0 && !l.has_flags && !l.has_body &&
		   j->phase == LISTING) {
		add_uid(j, l.uid);
	} else {
		j->answer = OF_OTHERS;
		pass_on(j, line);
	}
}

enum { ENOUGH = 32 }; /* of a line, to see what it may be */

static void
on_line(struct transfer_job *j, bool whole)
{
	const struct slice line = buf_slice(&j->line);

	if (j->line.failed) {
		j->answer = OF_MESSAGE;
		refuse(j, RELAY_LOST);
	} else if (j->phase != CHECKING && !fetched_may_be(line)) {
		j->answer = OF_OTHERS;
		pass_on(j, line);
	} else if (whole) {
		take_line(j, line);
	}
}

/* J may be gone behind it. */
static void
on_text(struct transfer_job *j, const struct answer_piece *piece)
{
	struct session *s = j->session;
	const bool whole = slice_ends(piece->bytes, SLICE("\n"));

	if (j->answer == OF_OTHERS) {
		pass_on(j, piece->bytes);
	} else if (j->answer == OF_NOTHING) {
		buf_add(&j->line, piece->bytes);
		if (whole || j->line.n >= ENOUGH || j->line.failed)
			on_line(j, whole);
	}
	if (job_of(s) == NULL)
		return;
	if (j->answer != OF_NOTHING)
		buf_reset(&j->line);
	if (piece->ends)
		j->answer = OF_NOTHING;
	arena_fini(&j->arena);
	arena_init(&j->arena);
	if (piece->ends && j->left > 0 && j->refusal.n == 0)
		refuse(j, RELAY_LOST);
}

/* What is behind the bytes that APPEND was told of would be read there as
 * commands; J may be gone behind it. */
static void
on_literal(struct transfer_job *j, struct slice bytes)
{
	if (j->answer == OF_OTHERS)
		pass_on(j, bytes);
	else if (j->refusal.n > 0)
		return;
	else if (fetched_take(&j->left, bytes.n))
		give(j, bytes);
	else
		refuse(j, RELAY_LOST);
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
	j->phase = REMOVING;
	j->removed = 0;
	if (is_from_self(j))
		imapd_soon(j->session);
	else
		ask_of(j, "UID XREMOVE ", j->batch, j->nbatch, "");
}

static void
on_read(struct transfer_job *j)
{
	if (j->nbatch == 0) {
		next_batch(j, NULL);
		return;
	}
	j->phase = WRITING;
	j->half = false;
	relay_send(j->to, SLICE(""));
}

static void
on_written(struct transfer_job *j, struct slice status)
{
	if (!is_ok(status) || j->phase != WRITING) {
		give_up(
		    j, is_ok(status) ? SLICE("NO " RELAY_LOST "\r\n") : status);
		return;
	}
	if (!fetched_read_uids(
		status, "APPENDUID", &j->uidvalidity, j->copies, j->nbatch)) {
		refuse(j, RELAY_LOST);
		return;
	}
	if (!j->plan.move) {
		answer_copied(j);
		return;
	}
	tell_moved(j);
	remove_them(j);
}

/* The mailbox, or the list of its messages, is there. */
static void
on_checked(struct transfer_job *j)
{
	if (!is_from_self(j))
		list(j);
	else if (j->same)
		begin_batches(j);
	else
		refuse(j, "[UNAVAILABLE] the mailbox cannot be read");
}

static void
on_source(struct transfer_job *j, struct slice status)
{
	const enum phase was = j->phase;

	j->phase = BETWEEN;
	if (j->refusal.n > 0)
		answer_refused(j);
	else if (!is_ok(status) && is_from_self(j))
		refuse(j, "[UNAVAILABLE] the mailbox cannot be read");
	else if (!is_ok(status))
		give_up(j, status);
	else if (was == CHECKING)
		on_checked(j);
	else if (was == LISTING &&
		 slice_istarts(status, SLICE("OK [MESSAGELIMIT ")))
		imapd_refuse_limited(j->session);
	else if (was == LISTING)
		begin_batches(j);
	else if (was == READING)
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
		on_written(j, status_of(s, piece->bytes));
	else if (r == j->from && piece->kind == ANSWER_LAST)
		on_source(j, status_of(s, piece->bytes));
	else if (r == j->from && piece->kind == ANSWER_LITERAL)
		on_literal(j, piece->bytes);
	else if (r == j->from)
		on_text(j, piece);
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
		if (is_from_self(j))
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
		refuse(j, "[TRYCREATE] no such mailbox");
	else
		refuse(j, "[UNAVAILABLE] temporary trouble, try again later");
}

static void
on_broken(struct session *s, const struct relay *r, bool selected, bool mid)
{
	struct transfer_job *j = job_of(s);
	const bool was_from = j != NULL && r == j->from;

	/* Half an answer of these was not the client's. */
	if (j != NULL && (r == j->to || j->answer == OF_MESSAGE))
		mid = false;
	if (j != NULL && r == j->to)
		j->to = NULL;
	else if (was_from)
		j->from = NULL;
	if (relay_was_all(s, selected, mid) || j == NULL)
		return;
	/* What is there need not be here, whatever becomes of the other end. */
	if (!was_from && j->to == NULL && j->phase == REMOVING)
		return;
	refuse(j, RELAY_LOST);
}

static void
on_drained(struct relay *r)
{
	struct transfer_job *j = job_of(r->session);

	if (j != NULL && r == j->to && j->from != NULL && j->phase == READING)
		stream_resume(&j->from->stream);
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
	struct err err = { 0 };

	if (j->phase != REMOVING || !is_from_self(j)) {
		if (j->from != NULL)
			stream_resume(&j->from->stream);
		return;
	}
	if (own_remove(s, j->batch, j->nbatch, &j->removed, &err) == -1) {
		imapd_no(s, "move", &err);
		return;
	}
	if (j->removed < j->nbatch)
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
	buf_init(&j->refusal, LINE_MAX_BYTES);
	buf_init(&j->line, LINE_MAX_BYTES);
	arena_init(&j->arena);
	imapd_start(s, &j->job);
	if (is_from_self(j) && !own_uids(s, plan, &j->uids, &j->n))
		return;
	if (plan->to.p == NULL)
		relay_open_self(s, &events);
	else
		relay_open(s, plan->to, &events);
}
