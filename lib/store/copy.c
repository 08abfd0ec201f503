/* SPDX-License-Identifier: ISC */
#include "store/copy.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "ev/work.h"
#include "maildir/filename.h"
#include "store/account_new.h"
#include "store/copy_batch.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/remove.h"
#include "store/seenchange.h"
#include "store/traits.h"
#include "sys/durable.h"
#include "sys/fd.h"

struct copying {
	struct copy_batch b;
	/* The target's cur; the source; the target's pabal-keywords. */
	struct durable_req req[3];
	int boxfd;
	const uint32_t *uids; /* what is to be copied; borrowed */
	size_t n;
	size_t at;
	bool marks; /* copies are seen where he has seen what is copied */
	bool back;  /* it failed: they are taken back */
	struct copy_result result;
	struct durable *pool; /* to wait for the disk with; NULL: here */
	struct work work;     /* taking back, when the disk has refused */
	unsigned waiting;
	int curfd;
	int fromfd;
	void (*done)(void *arg, const struct copy_result *r);
	void *arg;
};

static struct copying *
copying_alloc(struct mailbox *from, struct mailbox *to, bool move)
{
	struct copying *c = xcalloc(1, sizeof *c);

	c->b.from = from;
	c->b.to = to;
	c->b.move = move;
	buf_init(&c->b.moved, COPY_MOVED_MAX);
	c->curfd = c->fromfd = c->boxfd = c->b.linesfd = c->b.log.fd = -1;
	return c;
}

static void
copying_free(struct copying *c)
{
	xfree(&c->b.pairs);
	buf_fini(&c->b.moved);
	fd_close(&c->curfd);
	fd_close(&c->fromfd);
	fd_close(&c->boxfd);
	fd_close(&c->b.linesfd);
	kwlog_close(&c->b.log);
	free(c);
}

/* The last of them: copies go, and what was moved goes back, under new UIDs
 * because its old ones are spent. */
static void
take_back(struct copying *c)
{
	const size_t n = c->b.npairs < COPY_BATCH ? c->b.npairs : COPY_BATCH;
	uint32_t uids[COPY_BATCH];

	c->b.npairs -= n;
	for (size_t i = 0; i < n; i++)
		uids[i] = c->b.pairs[c->b.npairs + i].to;
	if (c->b.move) {
		struct copying *back = copying_alloc(c->b.to, c->b.from, true);

		(void)copy_batch(&back->b, uids, n, NULL);
		copying_free(back);
	} else {
		(void)message_remove(c->b.to, uids, n, NULL);
	}
}

static void
finish(struct copying *c)
{
	struct copy_result *r = &c->result;

	must(r->rc == 0 || c->b.npairs == 0);
	r->uidvalidity = c->b.uidvalidity;
	r->n = c->b.npairs;
	r->pairs = c->b.pairs;
	c->done(c->arg, r);
	copying_free(c);
}

/* After a sync that failed: nobody is left to call message_copy_step. */
static void
on_back(struct work *w)
{
	struct copying *c = OUTER(w, struct copying, work);

	do
		take_back(c);
	while (c->b.npairs > 0 && !work_spent());
	if (c->b.npairs > 0)
		work_queue(w);
	else
		finish(c);
}

static void
synced(struct copying *c, int error)
{
	if (error != 0) {
		errno = error;
		c->result.rc =
		    err_sys(&c->result.err, ERR_TEMP, "sync a mailbox");
	} else if (c->b.to->a->ix.unsynced) {
		c->result.rc =
		    err_set(&c->result.err, ERR_TEMP, "sync a new account");
	}
	if (--c->waiting > 0)
		return;
	if (c->result.rc == 0)
		finish(c);
	else
		on_back(&c->work);
}

static void
on_synced_to(struct durable_req *req, int error)
{
	synced(OUTER(req, struct copying, req[0]), error);
}

static void
on_synced_from(struct durable_req *req, int error)
{
	synced(OUTER(req, struct copying, req[1]), error);
}

static void
on_synced_keywords(struct durable_req *req, int error)
{
	synced(OUTER(req, struct copying, req[2]), error);
}

static int
sync_here(struct copying *c, struct err *err)
{
	if (c->b.linesfd != -1 &&
	    (fd_sync(c->b.linesfd, err) == -1 || fd_sync(c->boxfd, err) == -1))
		return -1;
	if (fd_sync(c->curfd, err) == -1)
		return -1;
	return c->b.move ? fd_sync(c->fromfd, err) : 0;
}

/* The directories to sync; without one of them nothing is acknowledged. */
static int
sync_prepare(struct copying *c, struct err *err)
{
	if (handle_enter_mailbox(c->b.from, err) == -1 ||
	    handle_enter_mailbox(c->b.to, err) == -1)
		return -1;
	c->curfd = maildir_sync_fd(&c->b.to->dirs, MAILDIR_CUR, err);
	if (c->curfd == -1)
		return -1;
	if (c->b.move) {
		c->fromfd = maildir_sync_fd(&c->b.from->dirs, MAILDIR_CUR, err);
		if (c->fromfd == -1)
			return -1;
	}
	if (c->b.linesfd == -1)
		return 0;
	c->boxfd = fcntl(c->b.to->dirs.fd, F_DUPFD_CLOEXEC, 0);
	return c->boxfd != -1 ? 0 : err_sys(err, ERR_TEMP, "sync keywords");
}

/* Here and now. */
static int
sync_now(struct copying *c, struct err *err)
{
	if (sync_prepare(c, err) == -1 ||
	    account_sync_now(c->b.to->a, err) == -1)
		return -1;
	return sync_here(c, err);
}

static void
sync_later(struct copying *c)
{
	struct durable_list list;

	c->req[0] = (struct durable_req){
		.done = on_synced_to, .fd = -1, .dirfd = c->curfd
	};
	c->req[1] = (struct durable_req){
		.done = on_synced_from, .fd = -1, .dirfd = c->fromfd
	};
	c->req[2] = (struct durable_req){ .done = on_synced_keywords,
		.fd = c->b.linesfd,
		.dirfd = c->boxfd };
	c->waiting = 1U + c->b.move + (c->b.linesfd != -1);
	TAILQ_INIT(&list);
	account_sync_start(c->b.to->a, &list);
	TAILQ_INSERT_TAIL(&list, &c->req[0], link);
	if (c->b.move)
		TAILQ_INSERT_TAIL(&list, &c->req[1], link);
	if (c->b.linesfd != -1)
		TAILQ_INSERT_TAIL(&list, &c->req[2], link);
	durable_submit_list(c->pool, &list);
}

static int
copy_next(struct copying *c, struct err *err)
{
	const size_t n = c->n - c->at < COPY_BATCH ? c->n - c->at : COPY_BATCH;
	const size_t had = c->b.npairs;

	if (c->b.from->a != c->b.to->a)
		return err_set_code(err, ERR_PERM, ERR_CANNOT,
		    "the mailboxes belong to two accounts");
	c->b.looked = false;
	if (copy_batch(&c->b, c->uids + c->at, n, err) == -1)
		return -1;
	c->at += n;
	if (c->marks)
		seen_mark_copies(
		    c->b.from, c->b.to, c->b.pairs + had, c->b.npairs - had);
	return 0;
}

/* All is copied; false: done() was called or will be. */
static bool
make_durable(struct copying *c)
{
	struct copy_result *r = &c->result;

	if (c->b.npairs > 0)
		r->rc = c->pool == NULL ? sync_now(c, &r->err)
					: sync_prepare(c, &r->err);
	c->back = r->rc == -1;
	if (c->back)
		return true;
	if (c->b.npairs > 0 && c->pool != NULL)
		sync_later(c);
	else
		finish(c);
	return false;
}

bool
message_copy_step(struct copying *c)
{
	if (c->back && c->b.npairs == 0) {
		finish(c);
		return false;
	}
	if (c->back) {
		take_back(c);
	} else if (c->at < c->n) {
		c->result.rc = copy_next(c, &c->result.err);
		c->back = c->result.rc == -1;
	} else {
		return make_durable(c);
	}
	return true;
}

struct copying *
message_copy_new(struct mailbox *from, const uint32_t *uids, size_t n,
    struct mailbox *to, bool move,
    void (*done)(void *arg, const struct copy_result *r), void *arg)
{
	struct copying *c = copying_alloc(from, to, move);

	c->uids = uids;
	c->n = n;
	c->pool = store_pool(to->a->store);
	c->done = done;
	c->arg = arg;
	work_init(&c->work, store_share(to->a->store), on_back);
	return c;
}

void
message_copy_without(struct copying *c, unsigned flags, bool keywords)
{
	c->b.without = flags;
	c->marks = c->b.to->seen != NULL && (flags & MSG_SEEN) == 0;
	if (c->b.to->seen != NULL)
		c->b.without |= MSG_SEEN;
	c->b.no_keywords = !keywords;
}

void
message_copy(struct mailbox *from, const uint32_t *uids, size_t n,
    struct mailbox *to, bool move,
    void (*done)(void *arg, const struct copy_result *r), void *arg)
{
	struct copying *c =
	    message_copy_new(from, uids, n, to, move, done, arg);

	while (message_copy_step(c))
		;
}
