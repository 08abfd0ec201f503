/* SPDX-License-Identifier: ISC */
#include "local/deliver.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "local/record.h"
#include "local/tell.h"
#include "local/trace.h"
#include "log/log.h"
#include "store/account.h"
#include "store/append.h"
#include "store/mailbox.h"
#include "sys/fd.h"

enum {
	PIECE_BYTES = 64 << 10,
	STEP_BYTES = 256 << 10, /* copied in one turn for one message */
	AGAIN_MS = 50,          /* while another process builds the index */
	AGAIN_TIMES = 400,
};

struct delivery_batch;

/* One message on its way into one mailbox. */
struct local_delivery {
	STAILQ_ENTRY(local_delivery) link;
	struct delivery_batch *batch;
	struct local_job *job;
	struct job_rcpt rcpt;
	struct account *account;
	struct mailbox *mailbox;
	struct append *append;
	struct record_places *places;
	struct ev_timer again;
	unsigned tries;
	int64_t copied;
	uint32_t crc;
	/* The foreign Return-Path that is left out next, and what of the
	 * header stands behind it; both in the job's header. */
	struct slice leave_out;
	struct slice header;
};

struct delivery_batch {
	struct append_batch *appends;
	STAILQ_HEAD(, local_delivery) deliveries;
	struct ev_task step; /* of a large message's own batch */
};

static struct {
	struct store *store;
	struct delivery_batch *open; /* takes what comes in this turn */
	struct ev_task commit;
} state;

/* ---- the end of a delivery ---- */

static void
leave_account(struct local_delivery *d)
{
	if (d->mailbox != NULL)
		mailbox_close(&d->mailbox);
	if (d->account != NULL)
		account_close(&d->account);
}

static void
delivery_free(struct local_delivery *d)
{
	record_places_free(&d->places);
	leave_account(d);
	free(d);
}

static void
delivery_end(struct local_delivery *d)
{
	struct err err = { 0 };
	uint32_t uid, uidvalidity;

	if (append_result(d->append, &uid, &uidvalidity, &err) == -1) {
		job_fail(d->job, &d->rcpt, "2.0", &err);
		return;
	}
	log_info("local.delivered", kv_slice("qid", d->job->qid),
	    kv_slice("account", d->rcpt.account),
	    kv_slice("mailbox", mailbox_name(d->mailbox)), kv_u("uid", uid),
	    kv_i("size", d->job->size));
	tell_delivered(
	    d->rcpt.account, d->rcpt.home, d->rcpt.quota_bytes, d->account);
	job_result(d->job, d->rcpt.number, JOB_DELIVERED, "2.1.5",
	    "delivered to the mailbox", SLICE(""));
}

static void
on_committed(struct append_batch *appends, void *arg)
{
	struct delivery_batch *b = arg;
	struct local_delivery *d;

	(void)appends;
	STAILQ_FOREACH(d, &b->deliveries, link)
	delivery_end(d);
	/* What came to nothing takes its file out of a mailbox's tmp/: that has
	 * to be open still. */
	append_batch_free(&b->appends);
	while ((d = STAILQ_FIRST(&b->deliveries)) != NULL) {
		STAILQ_REMOVE_HEAD(&b->deliveries, link);
		delivery_free(d);
	}
	free(b);
}

/* ---- batches ---- */

static struct delivery_batch *
batch_new(void)
{
	struct delivery_batch *b = xcalloc(1, sizeof *b);

	b->appends = append_batch_new(state.store, false);
	STAILQ_INIT(&b->deliveries);
	return b;
}

static void
batch_commit(struct delivery_batch *b)
{
	if (STAILQ_EMPTY(&b->deliveries)) {
		append_batch_free(&b->appends);
		free(b);
		return;
	}
	append_commit(b->appends, on_committed, b);
}

static void
on_commit(struct ev_task *task)
{
	struct delivery_batch *b = state.open;

	(void)task;
	state.open = NULL;
	batch_commit(b);
}

/* ---- copying ---- */

/* Take D out of its batch: it has its result. */
static void
give_up(struct local_delivery *d)
{
	STAILQ_REMOVE(&d->batch->deliveries, d, local_delivery, link);
	append_drop(d->append);
	delivery_free(d);
}

static void
next_to_leave_out(struct local_delivery *d)
{
	const struct slice all = d->job->header;
	struct slice field = trace_return_path(&d->header);

	/* One that goes on behind what was read of the header stays. */
	if (field.n > 0 && field.p + field.n == all.p + all.n)
		field = SLICE("");
	d->leave_out = field;
}

static void
note_place(struct local_delivery *d)
{
	int64_t bytes, wire;

	append_written(d->append, &bytes, &wire);
	record_reach(d->places, d->copied, bytes, wire);
}

/* PIECE of the message, from d->copied on. */
static int
take_message(struct local_delivery *d, struct slice piece, struct err *err)
{
	while (piece.n > 0) {
		const int64_t from = d->leave_out.n > 0
					 ? d->leave_out.p - d->job->header.p
					 : INT64_MAX;
		const bool keep = d->copied < from;
		const int64_t end =
		    keep ? from : from + (int64_t)d->leave_out.n;
		const int64_t place = record_next(d->places);
		const int64_t left = (place < end ? place : end) - d->copied;
		const size_t n =
		    left < (int64_t)piece.n ? (size_t)left : piece.n;

		if (keep &&
		    append_write(d->append, slice_sub(piece, 0, n), err) == -1)
			return -1;
		d->copied += (int64_t)n;
		if (d->copied == place)
			note_place(d);
		if (!keep && d->copied == end)
			next_to_leave_out(d);
		piece = slice_from(piece, n);
	}
	return 0;
}

/* The job has read the beginning, once for all its recipients. */
static int
take_beginning(struct local_delivery *d, struct err *err)
{
	d->crc = d->job->header_crc;
	return take_message(d, d->job->header, err);
}

/* Up to N bytes more, PIECE_BYTES at most. */
static int
take_next(struct local_delivery *d, int64_t n, struct err *err)
{
	char space[PIECE_BYTES];
	const struct slice piece =
	    slice_of(space, n < PIECE_BYTES ? (size_t)n : PIECE_BYTES);

	if (d->copied == 0 && d->job->header.n > 0)
		return take_beginning(d, err);
	if (fd_pread_all(d->job->fd, space, piece.n, d->job->offset + d->copied,
		err) == -1)
		return -1;
	d->crc = crc32c(d->crc, piece);
	return take_message(d, piece, err);
}

/* Up to STEP_BYTES more.  Damage shows at the end, in finish(). */
static int
copy_step(struct local_delivery *d, struct err *err)
{
	const int64_t stop = d->job->size - d->copied < STEP_BYTES
				 ? d->job->size
				 : d->copied + STEP_BYTES;

	while (d->copied < stop)
		if (take_next(d, stop - d->copied, err) == -1)
			return -1;
	return 0;
}

static void
put_record(struct local_delivery *d)
{
	struct buf record = { .max = RECORD_MAX_BYTES };
	int64_t sent_s;

	if (record_put(d->places, &record, &sent_s))
		append_set_cache(d->append, buf_slice(&record), sent_s);
	buf_fini(&record);
}

/* All bytes are there: right ones?  False when D was given up. */
static bool
finish(struct local_delivery *d)
{
	const struct append_info info = { .fresh = true };
	struct err err = { 0 };

	if (d->crc != d->job->crc32c) {
		job_result_damaged(d->job);
		give_up(d);
		return false;
	}
	put_record(d);
	if (append_finish(d->append, &info, &err) == 0)
		return true;
	job_fail(d->job, &d->rcpt, "2.0", &err);
	give_up(d);
	return false;
}

static bool
step(struct local_delivery *d)
{
	struct err err = { 0 };

	if (copy_step(d, &err) == 0)
		return true;
	job_fail(d->job, &d->rcpt, "2.0", &err);
	give_up(d);
	return false;
}

static void
on_step(struct ev_task *task)
{
	struct delivery_batch *b = OUTER(task, struct delivery_batch, step);
	struct local_delivery *d = STAILQ_FIRST(&b->deliveries);

	if (step(d)) {
		if (d->copied < d->job->size) {
			ev_task_queue(task);
			return;
		}
		(void)finish(d);
	}
	batch_commit(b);
}

/* ---- the start of a delivery ---- */

static enum found
open_mailbox(struct local_delivery *d, struct err *err)
{
	if (d->rcpt.extension.n > 0) {
		/* Addresses come in lower case. */
		const enum found found = mailbox_open_folded(
		    d->account, d->rcpt.extension, &d->mailbox, err);

		if (found == FOUND)
			return FOUND;
	}
	return mailbox_open(d->account, SLICE("INBOX"), &d->mailbox, err);
}

static int
begin_append(struct local_delivery *d, struct err *err)
{
	char *home = arena_str(&d->job->arena, d->rcpt.home);

	if (store_account_ensure(state.store, home, &d->account, err) !=
		FOUND ||
	    open_mailbox(d, err) != FOUND)
		return err->class != ERR_NONE
			   ? -1
			   : err_set(err, ERR_TEMP, "mailbox does not exist");
	account_set_quota(d->account, (uint64_t)d->rcpt.quota_bytes, 0);
	d->append = append_begin(d->batch->appends, d->mailbox, err);
	return d->append != NULL ? 0 : -1;
}

static int
begin(struct local_delivery *d, struct err *err)
{
	struct buf trace = { .max = 4096 };
	int rc = begin_append(d, err);

	/* Taken away since it was opened: it is made anew. */
	if (rc == -1 && d->mailbox != NULL && err->class == ERR_PERM) {
		leave_account(d);
		*err = (struct err){ 0 };
		rc = begin_append(d, err);
	}
	if (rc == -1)
		return -1;
	rc = -1;
	d->places = record_places_new(d->job->record);
	d->header = d->job->header;
	next_to_leave_out(d);
	trace_put(&trace, d->job->env.sender, d->rcpt.address);
	if (trace.failed)
		err_set(err, ERR_PERM, "address too long");
	else
		rc = append_write(d->append, buf_slice(&trace), err);
	buf_fini(&trace);
	note_place(d);
	if (rc == -1)
		append_drop(d->append);
	return rc;
}

static void
start(struct local_delivery *d)
{
	const bool large = d->job->size > STEP_BYTES;
	struct err err = { 0 };

	if (!large && state.open == NULL) {
		state.open = batch_new();
		ev_task_queue(&state.commit);
	}
	d->batch = large ? batch_new() : state.open;
	if (begin(d, &err) == -1) {
		if (large)
			batch_commit(d->batch);
		if (store_is_building(&err) && d->tries++ < AGAIN_TIMES) {
			leave_account(d);
			ev_timer_set(&d->again, AGAIN_MS);
			return;
		}
		job_fail(d->job, &d->rcpt, "2.0", &err);
		delivery_free(d);
		return;
	}
	STAILQ_INSERT_TAIL(&d->batch->deliveries, d, link);
	if (large) {
		ev_task_init(&d->batch->step, on_step);
		ev_task_queue(&d->batch->step);
	} else if (step(d))
		(void)finish(d);
}

static void
on_again(struct ev_timer *t)
{
	start(OUTER(t, struct local_delivery, again));
}

void
local_deliver(struct local_job *job, const struct job_rcpt *r)
{
	struct local_delivery *d = xcalloc(1, sizeof *d);

	d->job = job;
	d->rcpt = *r;
	ev_timer_init(&d->again, on_again);
	start(d);
}

void
local_deliver_init(struct store *store)
{
	state.store = store;
	tell_init();
	ev_task_init(&state.commit, on_commit);
}
