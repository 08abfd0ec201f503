/* SPDX-License-Identifier: ISC */
/*
 * Messages into mailboxes.
 *
 * Deliveries are collected in a batch with one wait for the disk and one
 * transaction for each account; while a batch waits for the disk the next one
 * is collected, because it could not be synced earlier.  A message without a
 * text (message.h) is copied in steps, in a batch of its own, so that it holds
 * up nobody.
 */
#include "local/deliver.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "local/copying.h"
#include "local/junk.h"
#include "local/message.h"
#include "local/script/place.h"
#include "local/tell.h"
#include "local/trace.h"
#include "store/account.h"
#include "store/append.h"
#include "store/mailbox.h"
#include "store/store.h"
#include "store/usage.h"

enum {
	BATCH_MAX = 256, /* deliveries, of which each has a file open */
	BATCH_MAX_BYTES = 32 << 20,
	AGAIN_MS = 50, /* while another process builds the index */
	AGAIN_TIMES = 400,
};

struct delivery_batch;

/* One message on its way into one mailbox. */
struct local_delivery {
	STAILQ_ENTRY(local_delivery) link;
	struct delivery_batch *batch;
	struct local_job *job;
	struct job_rcpt rcpt;
	struct local_store *store; /* NULL: to where the address says */
	struct local_message *message;
	struct account *account;
	struct mailbox *mailbox;
	struct append *append;
	struct ev_timer again;
	unsigned tries;
	bool linked;               /* its file is another delivery's, too */
	struct local_copy copying; /* of a message without a text */
};

struct delivery_batch {
	struct append_batch *appends;
	STAILQ_HEAD(, local_delivery) deliveries;
	uint64_t serial;
	size_t n;
	int64_t bytes;
	bool shared;         /* not that of one message alone */
	struct ev_task step; /* where it is */
};

static struct {
	struct store *store;
	void (*on_room)(void);
	struct delivery_batch *open; /* takes what comes */
	bool syncing;                /* the one before it */
	struct ev_task commit;
} state;

/* ---- the end of a delivery ---- */

static void
fail(struct local_delivery *d, const struct err *err)
{
	if (d->store != NULL)
		d->store->done(d->store, err);
	else
		job_fail(d->job, &d->rcpt, "2.0", err);
}

static void
fail_damaged(struct local_delivery *d)
{
	if (d->store == NULL) {
		job_result_damaged(d->job);
		return;
	}
	d->store->damaged = true;
	d->store->done(d->store, NULL);
}

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
	copying_end(&d->copying);
	leave_account(d);
	free(d);
}

static void
delivery_end(struct local_delivery *d)
{
	struct err err = { 0 };
	uint32_t uid, uidvalidity;

	if (append_result(d->append, &uid, &uidvalidity, &err) == -1) {
		if (err.code == ERR_OVER_QUOTA)
			tell_full(&d->rcpt, d->account);
		fail(d, &err);
		return;
	}
	tell_delivered(d->job, &d->rcpt, d->account, d->mailbox, uid);
	if (d->store != NULL) {
		d->store->uid = uid;
		d->store->done(d->store, NULL);
		return;
	}
	job_result(d->job, d->rcpt.number, JOB_DELIVERED, "2.1.5",
	    "delivered to the mailbox", SLICE(""));
}

static void
on_committed(struct append_batch *appends, void *arg)
{
	struct delivery_batch *b = arg;
	struct local_delivery *d;
	const bool shared = b->shared;

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
	if (!shared)
		return;
	state.syncing = false;
	ev_task_queue(&state.commit);
	state.on_room();
}

/* ---- batches ---- */

static struct delivery_batch *
batch_new(void)
{
	static uint64_t serial;
	struct delivery_batch *b = xcalloc(1, sizeof *b);

	b->serial = ++serial;
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
	if (b->shared)
		state.syncing = true;
	append_commit(b->appends, on_committed, b);
}

void
local_deliver_commit(void)
{
	struct delivery_batch *b = state.open;

	if (b == NULL || state.syncing)
		return;
	state.open = NULL;
	batch_commit(b);
}

static void
on_commit(struct ev_task *task)
{
	(void)task;
	local_deliver_commit();
}

bool
local_deliver_has_room(void)
{
	const struct delivery_batch *b = state.open;

	return b == NULL || (b->n < BATCH_MAX && b->bytes < BATCH_MAX_BYTES);
}

static struct delivery_batch *
open_batch(void)
{
	if (state.open == NULL) {
		state.open = batch_new();
		state.open->shared = true;
	}
	return state.open;
}

/* ---- copying ---- */

static void
batch_add(struct local_delivery *d)
{
	struct delivery_batch *b = d->batch;

	STAILQ_INSERT_TAIL(&b->deliveries, d, link);
	b->n++;
	b->bytes += d->message->size;
}

/* Take D out of its batch: it has its result. */
static void
give_up(struct local_delivery *d)
{
	STAILQ_REMOVE(&d->batch->deliveries, d, local_delivery, link);
	append_drop(d->append);
	delivery_free(d);
}

static void
set_record(struct local_delivery *d, int64_t bytes, int64_t wire)
{
	struct slice record;
	int64_t sent_s;

	if (local_message_record(d->message, bytes, wire, &record, &sent_s))
		append_set_cache(d->append, record, sent_s);
}

static int
finish(struct local_delivery *d, struct err *err)
{
	struct append_info info = { .fresh = true };

	if (d->store != NULL) {
		info.flags = d->store->flags;
		info.keywords = d->store->keywords;
	}
	return append_finish(d->append, &info, err);
}

/* ---- a message with a text ---- */

/* The fields before the message. */
static int
put_trace(struct local_delivery *d, struct err *err)
{
	struct buf trace = { .max = TRACE_MAX_BYTES };
	int rc = -1;

	trace_put(&trace, d->job->env.sender,
	    d->message->one_file ? SLICE("") : d->rcpt.address,
	    d->job->env.front);
	if (trace.failed)
		err_set(err, ERR_PERM, "address too long");
	else
		rc = append_write(d->append, buf_slice(&trace), err);
	buf_fini(&trace);
	return rc;
}

static int
write_file(struct local_delivery *d, struct err *err)
{
	struct local_message *m = d->message;
	int64_t wire, bytes;

	if (put_trace(d, err) == -1)
		return -1;
	append_written(d->append, &bytes, &wire);
	if (append_write_text(d->append, m->text, err) == -1)
		return -1;
	set_record(d, bytes, wire);
	if (finish(d, err) == -1)
		return -1;
	if (m->one_file) {
		m->file = d->append;
		m->file_batch = d->batch->serial;
		m->file_prefix = bytes;
		m->file_wire = wire;
	}
	return 0;
}

/* A further name of the file that another recipient of the batch has. */
static int
finish_name(struct local_delivery *d, struct err *err)
{
	const struct local_message *m = d->message;

	set_record(d, m->file_prefix, m->file_wire);
	return finish(d, err);
}

/* ---- the start of a delivery ---- */

/* The one that a script names; where there is none, INBOX. */
static enum found
open_named(struct local_delivery *d, struct err *err)
{
	struct local_store *s = d->store;
	enum found found =
	    mailbox_open(d->account, s->mailbox, &d->mailbox, err);

	if (found == ABSENT && s->create) {
		*err = (struct err){ 0 };
		if (mailbox_create(d->account, s->mailbox, 0, err) == 0 ||
		    err->code == ERR_EXISTS)
			found = mailbox_open(
			    d->account, s->mailbox, &d->mailbox, err);
	}
	if (found == FOUND || (found == TEMPFAIL && err->class != ERR_PERM))
		return found;
	tell_elsewhere(d->job, &d->rcpt, s->mailbox);
	s->elsewhere = true;
	*err = (struct err){ 0 };
	return mailbox_open(d->account, SLICE("INBOX"), &d->mailbox, err);
}

static enum found
open_mailbox(struct local_delivery *d, struct err *err)
{
	if (d->store != NULL && d->store->mailbox.n > 0)
		return open_named(d, err);
	if (d->job->env.junk) {
		const enum found found =
		    local_junk_open(d->account, &d->mailbox, err);

		if (found != ABSENT)
			return found;
	} else if (d->rcpt.extension.n > 0) {
		/* Addresses come in lower case. */
		const enum found found = mailbox_open_folded(
		    d->account, d->rcpt.extension, &d->mailbox, err);

		if (found == FOUND)
			return FOUND;
	}
	return mailbox_open(d->account, SLICE("INBOX"), &d->mailbox, err);
}

static enum found
link_file(struct local_delivery *d, struct err *err)
{
	struct local_message *m = d->message;
	enum found found;

	if (!m->one_file || m->file == NULL ||
	    m->file_batch != d->batch->serial)
		return ABSENT;
	found = append_link(d->mailbox, m->file, &d->append, err);
	d->linked = found == FOUND;
	return found;
}

static int
begin_append(struct local_delivery *d, struct err *err)
{
	char *home = arena_str(&d->job->arena, d->rcpt.home);
	enum found found;

	if (store_account_ensure(state.store, home, &d->account, err) !=
		FOUND ||
	    open_mailbox(d, err) != FOUND)
		return err->class != ERR_NONE
			   ? -1
			   : err_set(err, ERR_TEMP, "mailbox does not exist");
	account_set_owner(d->account, d->rcpt.account,
	    &(struct quota){ d->rcpt.quota_bytes, d->rcpt.quota_messages });
	found = link_file(d, err);
	if (found == ABSENT)
		d->append = append_begin(d->batch->appends, d->mailbox, err);
	return found != TEMPFAIL && d->append != NULL ? 0 : -1;
}

static int
begin(struct local_delivery *d, struct err *err)
{
	int rc = begin_append(d, err);

	/* Taken away since it was opened: it is made anew. */
	if (rc == -1 && d->mailbox != NULL && err->class == ERR_PERM) {
		leave_account(d);
		*err = (struct err){ 0 };
		rc = begin_append(d, err);
	}
	return rc;
}

/* It could not begin. */
static void
begin_failed(struct local_delivery *d, const struct err *err)
{
	if (store_is_building(err) && d->tries++ < AGAIN_TIMES) {
		leave_account(d);
		ev_timer_set(&d->again, AGAIN_MS);
		return;
	}
	fail(d, err);
	delivery_free(d);
}

static void
start_text(struct local_delivery *d)
{
	struct err err = { 0 };

	d->batch = open_batch();
	if (begin(d, &err) == -1) {
		begin_failed(d, &err);
		return;
	}
	batch_add(d);
	if ((d->linked ? finish_name : write_file)(d, &err) == 0)
		return;
	fail(d, &err);
	give_up(d);
}

/* ---- a message without a text ---- */

/* Some more; 1 when all is there, -1 when nothing comes of D. */
static int
copy_step(struct local_delivery *d, struct err *err)
{
	static char space[MESSAGE_STEP_BYTES];
	const struct local_message *m = d->message;
	const int64_t left = m->size - d->copying.done;
	const struct slice piece = slice_of(
	    space, left < MESSAGE_STEP_BYTES ? (size_t)left : sizeof space);

	if (local_message_bytes(
		m, d->job, d->copying.done, space, piece.n, err) == -1 ||
	    copying_put(&d->copying, piece, err) == -1)
		return -1;
	return d->copying.done == m->size;
}

/* All bytes are there: right ones?  False when D was given up. */
static bool
end_copy(struct local_delivery *d)
{
	struct buf record = { .max = RECORD_MAX_BYTES };
	struct err err = { 0 };
	int64_t sent_s;
	int rc;

	if (d->message->pieces == NULL && d->copying.crc != d->job->crc32c) {
		fail_damaged(d);
		give_up(d);
		return false;
	}
	if (record_put(d->copying.places, 0, 0, &record, &sent_s))
		append_set_cache(d->append, buf_slice(&record), sent_s);
	buf_fini(&record);
	rc = finish(d, &err);
	if (rc == -1) {
		fail(d, &err);
		give_up(d);
	}
	return rc == 0;
}

static void
on_step(struct ev_task *task)
{
	struct delivery_batch *b = OUTER(task, struct delivery_batch, step);
	struct local_delivery *d = STAILQ_FIRST(&b->deliveries);
	struct err err = { 0 };
	const int rc = copy_step(d, &err);

	if (rc == 0) {
		ev_task_queue(task);
		return;
	}
	if (rc == 1) {
		(void)end_copy(d);
	} else {
		fail(d, &err);
		give_up(d);
	}
	batch_commit(b);
}

static void
start_copy(struct local_delivery *d)
{
	const struct local_message *m = d->message;
	struct delivery_batch *b = d->batch = batch_new();
	struct err err = { 0 };

	if (begin(d, &err) == -1) {
		batch_commit(b);
		begin_failed(d, &err);
		return;
	}
	batch_add(d);
	if (put_trace(d, &err) == -1) {
		fail(d, &err);
		give_up(d);
		batch_commit(b);
		return;
	}
	d->copying = (struct local_copy){ .append = d->append };
	copying_begin(&d->copying, m->header, m->record);
	ev_task_init(&b->step, on_step);
	ev_task_queue(&b->step);
}

/* ---- */

static void
start(struct local_delivery *d)
{
	const struct local_message *m = d->message;

	switch (m->state) {
	case MESSAGE_TEXT:
		start_text(d);
		return;
	case MESSAGE_CORRUPT:
		fail_damaged(d);
		break;
	case MESSAGE_FAILED:
		fail(d, &m->err);
		break;
	case MESSAGE_UNREAD:
	case MESSAGE_READING:
	case MESSAGE_STREAM:
		start_copy(d);
		return;
	}
	delivery_free(d);
}

static void
on_again(struct ev_timer *t)
{
	start(OUTER(t, struct local_delivery, again));
	ev_task_queue(&state.commit);
}

static struct local_delivery *
delivery_new(struct local_job *job, const struct job_rcpt *r)
{
	struct local_delivery *d = xcalloc(1, sizeof *d);

	d->job = job;
	d->rcpt = *r;
	d->message = job->message;
	ev_timer_init(&d->again, on_again);
	return d;
}

void
local_deliver(struct local_job *job, const struct job_rcpt *r)
{
	start(delivery_new(job, r));
}

void
local_deliver_store(
    struct local_job *job, const struct job_rcpt *r, struct local_store *s)
{
	struct local_delivery *d = delivery_new(job, r);

	d->store = s;
	if (s->message != NULL)
		d->message = s->message;
	start(d);
	ev_task_queue(&state.commit);
}

void
local_deliver_init(struct store *store, void (*on_room)(void))
{
	state.store = store;
	state.on_room = on_room;
	tell_init();
	ev_task_init(&state.commit, on_commit);
}
