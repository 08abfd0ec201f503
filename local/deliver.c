/* SPDX-License-Identifier: ISC */
#include "local/deliver.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "local/record.h"
#include "local/tell.h"
#include "local/trace.h"
#include "log/log.h"
#include "store/append.h"
#include "sys/fd.h"

enum {
	STEP_BYTES = 256 << 10, /* copied in one turn for one message */
};

struct batch;

/* One message on its way into one mailbox. */
struct delivery {
	STAILQ_ENTRY(delivery) link;
	struct batch *batch;
	struct job *job;
	struct job_rcpt rcpt;
	struct account *account;
	struct mailbox *mailbox;
	struct append *append;
	struct record *record;
	int64_t copied;
	uint32_t crc;
};

struct batch {
	struct append_batch *appends;
	STAILQ_HEAD(, delivery) deliveries;
	struct ev_task step; /* of a large message's own batch */
};

static struct {
	struct store *store;
	struct batch *open; /* takes what comes in this turn */
	struct ev_task commit;
} state;

/* ---- the end of a delivery ---- */

static void
delivery_free(struct delivery *d)
{
	record_free(&d->record);
	if (d->mailbox != NULL)
		mailbox_close(&d->mailbox);
	if (d->account != NULL)
		account_close(&d->account);
	free(d);
}

static void
delivery_end(struct delivery *d)
{
	struct err err = { 0 };
	uint32_t uid, uidvalidity;

	if (append_result(d->append, &uid, &uidvalidity, &err) == -1) {
		job_fail(d->job, d->rcpt.number, &err);
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
	struct batch *b = arg;
	struct delivery *d;

	(void)appends;
	while ((d = STAILQ_FIRST(&b->deliveries)) != NULL) {
		STAILQ_REMOVE_HEAD(&b->deliveries, link);
		delivery_end(d);
		delivery_free(d);
	}
	append_batch_free(&b->appends);
	free(b);
}

/* ---- batches ---- */

static struct batch *
batch_new(void)
{
	struct batch *b = xcalloc(1, sizeof *b);

	b->appends = append_batch_new(state.store, false);
	STAILQ_INIT(&b->deliveries);
	return b;
}

static void
batch_commit(struct batch *b)
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
	struct batch *b = state.open;

	(void)task;
	state.open = NULL;
	batch_commit(b);
}

/* ---- copying ---- */

/* Take D out of its batch: it has its result. */
static void
give_up(struct delivery *d)
{
	STAILQ_REMOVE(&d->batch->deliveries, d, delivery, link);
	append_drop(d->append);
	delivery_free(d);
}

static int
take_piece(struct delivery *d, struct slice piece, struct err *err)
{
	record_feed(d->record, piece);
	return append_write(d->append, piece, err);
}

/* Up to STEP_BYTES more.  Damage shows at the end, in finish(). */
static int
copy_step(struct delivery *d, struct err *err)
{
	const int64_t stop = d->job->size - d->copied < STEP_BYTES
				 ? d->job->size
				 : d->copied + STEP_BYTES;
	char piece[RECORD_PIECE];

	while (d->copied < stop) {
		const int64_t left = stop - d->copied;
		const size_t n =
		    left < RECORD_PIECE ? (size_t)left : RECORD_PIECE;

		if (fd_pread_all(d->job->fd, piece, n,
			d->job->offset + d->copied, err) == -1)
			return -1;
		d->crc = crc32c(d->crc, slice_of(piece, n));
		if (take_piece(d, slice_of(piece, n), err) == -1)
			return -1;
		d->copied += (int64_t)n;
	}
	return 0;
}

/* All bytes are there: right ones?  False when D was given up. */
static bool
finish(struct delivery *d)
{
	const struct append_info info = { .fresh = true };
	struct err err = { 0 };

	if (d->crc != d->job->crc32c) {
		job_result_damaged(d->job);
		give_up(d);
		return false;
	}
	record_put(d->record, d->append);
	if (append_finish(d->append, &info, &err) == 0)
		return true;
	job_fail(d->job, d->rcpt.number, &err);
	give_up(d);
	return false;
}

static bool
step(struct delivery *d)
{
	struct err err = { 0 };

	if (copy_step(d, &err) == 0)
		return true;
	job_fail(d->job, d->rcpt.number, &err);
	give_up(d);
	return false;
}

static void
on_step(struct ev_task *task)
{
	struct batch *b = OUTER(task, struct batch, step);
	struct delivery *d = STAILQ_FIRST(&b->deliveries);

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
open_account(struct delivery *d, const char *home, struct err *err)
{
	enum found found =
	    store_account_open(state.store, home, &d->account, err);

	if (found != ABSENT)
		return found;
	/* A system user's first mail makes his mailbox. */
	if (store_account_create(state.store, home, err) == -1)
		return TEMPFAIL;
	return store_account_open(state.store, home, &d->account, err);
}

static enum found
open_mailbox(struct delivery *d, struct err *err)
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
begin(struct delivery *d, struct err *err)
{
	char *home = arena_str(&d->job->arena, d->rcpt.home);
	struct buf trace = { .max = 4096 };
	int rc = -1;

	if (open_account(d, home, err) != FOUND ||
	    open_mailbox(d, err) != FOUND)
		return err->class != ERR_NONE
			   ? -1
			   : err_set(err, ERR_TEMP, "the mailbox is not there");
	account_set_quota(d->account, (uint64_t)d->rcpt.quota_bytes, 0);
	d->append = append_begin(d->batch->appends, d->mailbox, err);
	if (d->append == NULL)
		return -1;
	d->record = record_new();
	trace_put(&trace, d->job->env.sender, d->rcpt.address);
	if (trace.failed)
		err_set(err, ERR_PERM, "address too long");
	else
		rc = take_piece(d, buf_slice(&trace), err);
	buf_fini(&trace);
	if (rc == -1)
		append_drop(d->append);
	return rc;
}

void
local_deliver(struct job *job, const struct job_rcpt *r)
{
	const bool large = job->size > STEP_BYTES;
	struct delivery *d = xcalloc(1, sizeof *d);
	struct err err = { 0 };

	if (!large && state.open == NULL) {
		state.open = batch_new();
		ev_task_queue(&state.commit);
	}
	d->batch = large ? batch_new() : state.open;
	d->job = job;
	d->rcpt = *r;
	if (begin(d, &err) == -1) {
		struct batch *b = d->batch;

		job_fail(d->job, d->rcpt.number, &err);
		delivery_free(d);
		if (large)
			batch_commit(b);
		return;
	}
	STAILQ_INSERT_TAIL(&d->batch->deliveries, d, link);
	if (large) {
		ev_task_init(&d->batch->step, on_step);
		ev_task_queue(&d->batch->step);
	} else if (step(d))
		(void)finish(d);
}

void
local_deliver_init(struct store *store, uid_t system_uid)
{
	state.store = store;
	tell_init(system_uid);
	ev_task_init(&state.commit, on_commit);
}
