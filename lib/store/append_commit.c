/* SPDX-License-Identifier: ISC */
/* Messages come to disk: steps 3 and 4 of append.c; and the message to the
 * owner of an account that what came into it makes due. */
#include "store/append.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "index/tx.h"
#include "maildir/kwlog.h"
#include "store/account_new.h"
#include "store/append_inner.h"
#include "store/handle.h"
#include "store/hold.h"
#include "store/inner.h"
#include "store/quota_due.h"
#include "store/remove.h"
#include "store/traits.h"
#include "store/warn.h"
#include "sys/durable.h"
#include "sys/fd.h"

/* The directory of A to sync in *FD, -1 if another of the batch does that. */
static int
target_of(
    struct append_batch *b, const struct append *a, int *fd, struct err *err)
{
	const enum maildir_part part = append_part(a);

	*fd = -1;
	for (size_t i = 0; i < b->ntargets; i++)
		if (b->targets[i].m == a->m && b->targets[i].part == part)
			return 0;
	if (handle_enter_mailbox(a->m, err) == -1)
		return -1;
	*fd = handle_hold(a->m, part);
	b->targets =
	    xreallocarray(b->targets, b->ntargets + 1, sizeof *b->targets);
	b->targets[b->ntargets++] = (struct append_target){ a->m, part };
	return 0;
}

/* The message to the owner that A is will come once more. */
static void
untold(struct append *a)
{
	struct tx tx;

	if (a->warning == 0 ||
	    handle_begin(a->m->a, TX_ROOM_MSG, &tx, NULL) == -1)
		return;
	quota_warned(&tx, 0);
	(void)tx_commit(&tx, NULL);
}

static void
finish_batch(struct append_batch *b)
{
	struct append *a;
	bool failed = false;

	TAILQ_FOREACH(a, &b->appends, link)
	{
		if (a->rc == 0 && a->whole != NULL &&
		    a->whole->file_error != 0) {
			errno = a->whole->file_error;
			a->rc = err_sys(&a->err, ERR_TEMP, "sync a message");
		}
		failed = failed || a->rc == -1;
	}
	TAILQ_FOREACH(a, &b->appends, link)
	{
		const bool undo = a->rc == -1 || (b->atomic && failed);

		/* Seen by others perhaps, but never acknowledged. */
		if (undo && a->placed && a->req.done != NULL)
			(void)message_remove(a->m, &a->uid, 1, NULL);
		if (undo)
			untold(a);
		if (undo && a->rc == 0)
			a->rc = err_set(
			    &a->err, ERR_TEMP, "another message failed");
		fd_close(&a->fd);
	}
	while (b->ntargets > 0)
		handle_release(b->targets[--b->ntargets].m);
	b->done(b, b->arg);
}

static void
synced(struct append *a, int error)
{
	struct append_batch *b = a->batch;

	if (error != 0) {
		errno = error;
		a->rc = err_sys(&a->err, ERR_TEMP, "sync a message");
	} else if (a->m->a->ix.unsynced) {
		a->rc = err_set(&a->err, ERR_TEMP, "sync a new account");
	}
	if (--b->waiting == 0)
		finish_batch(b);
}

static void
on_synced(struct durable_req *req, int error)
{
	struct append *a = OUTER(req, struct append, req);

	a->file_error = error;
	synced(a, error);
}

/* It is in no mailbox, but others have its file. */
static void
on_file_synced(struct durable_req *req, int error)
{
	struct append *a = OUTER(req, struct append, more_req);

	a->file_error = error;
	if (--a->batch->waiting == 0)
		finish_batch(a->batch);
}

static void
on_more_synced(struct durable_req *req, int error)
{
	synced(OUTER(req, struct append, more_req), error);
}

/* R into LIST, or here and now where there is no pool. */
static void
sync_one(struct append *a, struct durable_req *r, struct durable_list *list)
{
	struct append_batch *b = a->batch;

	if (store_pool(b->store) != NULL) {
		b->waiting++;
		TAILQ_INSERT_TAIL(list, r, link);
		return;
	}
	/* Both: others of the batch may count on the directory. */
	if (r->fd != -1 && fd_sync(r->fd, &a->err) == -1) {
		a->rc = -1;
		a->file_error = EIO;
	}
	if (r->dirfd != -1 && fd_sync(r->dirfd, &a->err) == -1)
		a->rc = -1;
}

/* What is to be synced for A: its file, its directory, and pabal-keywords,
 * where A has a line in it.  Without all of them it must not be acknowledged.
 * The directory last: others of the batch leave it to A. */
static int
sync_prepare(struct append *a, struct err *err)
{
	if (a->log.fd != -1) {
		if (handle_enter_mailbox(a->m, err) == -1)
			return -1;
		a->boxfd = fcntl(a->m->dirs.fd, F_DUPFD_CLOEXEC, 0);
		if (a->boxfd == -1)
			return err_sys(err, ERR_TEMP, "sync keywords");
	}
	a->more_req = (struct durable_req){
		.done = on_more_synced, .fd = a->log.fd, .dirfd = a->boxfd
	};
	if (store_pool(a->batch->store) == NULL &&
	    account_sync_now(a->m->a, err) == -1)
		return -1;
	return target_of(a->batch, a, &a->req.dirfd, err);
}

static void
sync_append(struct append *a, struct durable_list *list)
{
	a->req = (struct durable_req){
		.done = on_synced, .fd = a->fd, .dev = a->dev
	};
	if (sync_prepare(a, &a->err) == -1) {
		a->rc = -1;
		return;
	}
	if (store_pool(a->batch->store) != NULL)
		account_sync_start(a->m->a, list);
	sync_one(a, &a->req, list);
	if (a->log.fd != -1)
		sync_one(a, &a->more_req, list);
}

static void
sync_file(struct append *a, struct durable_list *list)
{
	a->more_req = (struct durable_req){
		.done = on_file_synced, .fd = a->fd, .dirfd = -1, .dev = a->dev
	};
	sync_one(a, &a->more_req, list);
}

static void
sync_all(struct append_batch *b)
{
	struct durable_list list;
	struct append *a;

	TAILQ_INIT(&list);
	b->waiting = 1; /* so that no sync ends the batch before the last */
	TAILQ_FOREACH(a, &b->appends, link)
	{
		if (a->rc == 0)
			sync_append(a, &list);
		if (a->rc == -1 && a->shared)
			sync_file(a, &list);
	}
	if (!TAILQ_EMPTY(&list))
		durable_submit_list(store_pool(b->store), &list);
	if (--b->waiting == 0)
		finish_batch(b);
}

static void
begin(struct append_batch *b, void (*done)(struct append_batch *b, void *arg),
    void *arg)
{
	must(!b->committed);
	b->committed = true;
	b->done = done;
	b->arg = arg;
}

void
append_commit(struct append_batch *b,
    void (*done)(struct append_batch *b, void *arg), void *arg)
{
	begin(b, done, arg);
	append_place_all(b);
	append_seen(b);
	append_warn_all(b);
	sync_all(b);
}

/* ---- without anything else ---- */

struct lone_warning {
	void (*done)(void *arg);
	void *arg;
};

static void
on_warned(struct append_batch *b, void *arg)
{
	struct lone_warning *w = arg;

	append_batch_free(&b);
	w->done(w->arg);
	free(w);
}

void
account_warn(struct account *a, void (*done)(void *arg), void *arg)
{
	struct lone_warning *w = xcalloc(1, sizeof *w);
	struct append_batch *b = append_batch_new(a->store, false);

	w->done = done;
	w->arg = arg;
	begin(b, on_warned, w);
	append_warn(b, a, false);
	sync_all(b);
}
