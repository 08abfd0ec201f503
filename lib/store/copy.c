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
#include "index/ix.h"
#include "index/tx.h"
#include "maildir/keyword_set.h"
#include "maildir/kwlog.h"
#include "maildir/maildir.h"
#include "store/account_new.h"
#include "store/append.h"
#include "store/change.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/moved.h"
#include "store/quota.h"
#include "store/remove.h"
#include "store/sync.h"
#include "store/traits.h"
#include "sys/clock.h"
#include "sys/durable.h"
#include "sys/fd.h"
#include "sys/kv.h"

enum {
	CACHE_LIMIT = 16 << 20,
	BATCH = 100, /* messages in one transaction */
	MOVED_MAX = BATCH * 256,
};

/* What a transaction has done, to be undone when it fails. */
struct step {
	struct copy_pair pair;
	enum maildir_part part; /* of the old one */
	char old[IX_FILE_NAME];
	char made[IX_FILE_NAME];
};

struct copying {
	/* The target's cur; the source; the target's pabal-keywords. */
	struct durable_req req[3];
	struct mailbox *from;
	struct mailbox *to;
	bool move;
	unsigned without; /* flags that copies do not have */
	bool no_keywords; /* they have none */
	bool looked;      /* the source was scanned in this transaction */
	uint16_t numbers[KEYWORDS_MAX]; /* of keywords: in FROM -> in TO */
	struct kwlog log;               /* of the target */
	int linesfd; /* the target's pabal-keywords with lines of ours */
	int boxfd;
	const uint32_t *uids; /* what is to be copied; borrowed */
	size_t n;
	size_t at;
	struct step steps[BATCH]; /* of this transaction */
	size_t nsteps;
	struct buf moved;         /* lines about them */
	struct copy_pair *pairs; /* what is committed */
	size_t npairs;
	bool back; /* it failed: they are taken back */
	struct copy_result result;
	struct durable *pool; /* to wait for the disk with; NULL: here */
	struct work work;     /* taking back, when the disk has refused */
	unsigned waiting;
	int curfd;
	int fromfd;
	void (*done)(void *arg, const struct copy_result *r);
	void *arg;
};

/* The keywords that the messages have. */
static int
collect_used(struct tx *tx, uint32_t box, const uint32_t *uids, size_t n,
    struct keyword_set *used, struct err *err)
{
	struct keyword_set set;
	struct ix_hot hot;

	*used = (struct keyword_set){ 0 };
	for (size_t i = 0; i < n; i++) {
		const enum found f = ix_get_hot(tx->t, box, uids[i], &hot, err);

		if (f == ABSENT)
			continue;
		if (f == TEMPFAIL || ix_get_keywords(tx->t, box, uids[i], &hot,
					 &set, err) != FOUND)
			return -1;
		keyword_set_or(used, &set);
	}
	return 0;
}

/* Keywords go by name; the target gets what it lacks, or nothing is copied. */
static int
map_keywords(struct copying *c, struct tx *tx, const struct ix_box *bf,
    struct ix_box *bt, const uint32_t *uids, size_t n, struct err *err)
{
	struct keyword_set used;

	if (c->from == c->to) {
		for (unsigned i = 0; i < KEYWORDS_MAX; i++)
			c->numbers[i] = (uint16_t)i;
		return 0;
	}
	used = (struct keyword_set){ { 0 } };
	if (!c->no_keywords &&
	    collect_used(tx, bf->box, uids, n, &used, err) == -1)
		return -1;
	return kwtable_map(tx, bt, &c->to->dirs, c->to->keywords,
	    c->from->keywords, &used, c->numbers, err);
}

static struct keyword_set
map_set(const struct copying *c, const struct keyword_set *set)
{
	struct keyword_set to = { { 0 } };

	if (c->no_keywords)
		return to;
	for (unsigned n = 0; (n = keyword_set_next(set, n)) < KEYWORDS_MAX; n++)
		if (c->numbers[n] < KEYWORDS_MAX)
			keyword_set_add(&to, c->numbers[n]);
	return to;
}

/* The file into the target; 1: it is not where we know it. */
static int
put_file(struct copying *c, const struct ix_hot *hot, const char *name,
    const char *to, struct err *err)
{
	const struct maildir *d = &c->from->dirs;
	const enum maildir_part part = ix_part(hot);
	const enum found f =
	    c->move ? maildir_move(
			  d, part, name, &c->to->dirs, MAILDIR_CUR, to, err)
		    : maildir_link(d, part, name, &c->to->dirs, to, err);

	return f == FOUND ? 0 : f == ABSENT ? 1 : -1;
}

static int
copy_cache(struct tx *tx, uint32_t box, uint32_t uid, uint32_t tobox,
    uint32_t touid, struct err *err)
{
	char key[IX_KEY];
	struct buf bytes;
	struct slice v;
	enum found f = kv_get(tx->t, ix_key(key, 'C', box, uid), &v, err);
	int rc;

	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	buf_init(&bytes, CACHE_LIMIT);
	buf_add(&bytes, v);
	rc = ix_put_cache(tx->t, tobox, touid, buf_slice(&bytes), err);
	buf_fini(&bytes);
	return rc;
}

static int
record(struct copying *c, struct tx *tx, struct ix_box *bf, struct ix_box *bt,
    uint32_t uid, struct ix_hot *hot, struct ix_msg *msg,
    const struct keyword_set *set, struct err *err)
{
	const struct step *s = &c->steps[c->nsteps - 1];

	msg->saved_s = clock_wall_s();
	strlcpy(msg->file, s->made, sizeof msg->file);
	hot->bits &= ~(uint32_t)(HOT_NEW | HOT_PENDING | HOT_LINE);
	if (tx_add(tx, bt, s->pair.to, hot, msg, set, err) == -1 ||
	    copy_cache(tx, bf->box, uid, bt->box, s->pair.to, err) == -1)
		return -1;
	return c->move ? tx_gone(tx, bf, uid, err) : 0;
}

static int
copy_one(struct copying *c, struct tx *tx, struct ix_box *bf, struct ix_box *bt,
    uint32_t uid, struct err *err)
{
	struct step *s = &c->steps[c->nsteps];
	struct keyword_set set;
	struct ix_hot hot;
	struct ix_msg msg;
	enum found f = ix_get_hot(tx->t, bf->box, uid, &hot, err);
	int rc;

	if (f == FOUND)
		f = ix_get_msg(tx->t, bf->box, uid, &msg, err);
	if (f == FOUND)
		f = ix_get_keywords(tx->t, bf->box, uid, &hot, &set, err);
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	if (quota_take(tx, c->move ? bf : NULL, bt, (uint64_t)msg.vsize, err) ==
		-1 ||
	    tx_uid(bt, c->to->dirs.fd, &s->pair.to, err) == -1)
		return -1;
	s->pair.from = uid;
	s->part = ix_part(&hot);
	set = map_set(c, &set);
	hot.bits &= ~(uint32_t)c->without;
	hot.letters = keyword_set_letters(&set);
	strlcpy(s->old, msg.file, sizeof s->old);
	ix_file_name(s->made, &msg, &hot, s->pair.to);
	if (kwlog_add_one(&c->log, c->to->dirs.fd, s->made, c->to->keywords,
		&set, err) == -1)
		return -1;
	rc = put_file(c, &hot, s->old, s->made, err);
	if (rc == 1 && !c->looked) {
		c->looked = true;
		if (sync_scan(tx, c->from, bf, err) == -1)
			return -1;
		return copy_one(c, tx, bf, bt, uid, err);
	}
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	c->nsteps++;
	if (c->move && bf != bt)
		moved_add(&c->moved, uid, clock_wall_s(), msg.saved_s, &msg, bt,
		    s->pair.to);
	return record(c, tx, bf, bt, uid, &hot, &msg, &set, err);
}

static void
undo(struct copying *c)
{
	for (size_t i = 0; i < c->nsteps; i++) {
		const struct step *s = &c->steps[i];

		if (c->move)
			(void)maildir_move(&c->to->dirs, MAILDIR_CUR, s->made,
			    &c->from->dirs, s->part, s->old, NULL);
		else
			(void)maildir_remove(
			    &c->to->dirs, MAILDIR_CUR, s->made, NULL);
	}
	kwlog_undo(&c->log);
	c->nsteps = 0;
}

static int
run(struct copying *c, struct tx *tx, struct ix_box *bf, struct ix_box *bt,
    const uint32_t *uids, size_t n, struct err *err)
{
	const struct maildir_times tf = maildir_times(&c->from->dirs);
	const struct maildir_times tt = maildir_times(&c->to->dirs);

	if (quota_begin(tx, err) == -1 ||
	    map_keywords(c, tx, bf, bt, uids, n, err) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (copy_one(c, tx, bf, bt, uids[i], err) == -1)
			return -1;
	moved_note(c->from->a, bf, &c->moved);
	c->result.uidvalidity = bt->uidvalidity;
	tx_times_end(tf, &c->from->dirs, bf);
	if (bf != bt)
		tx_times_end(tt, &c->to->dirs, bt);
	if (ix_put_box(tx->t, bt, err) == -1)
		return -1;
	return bf != bt ? ix_put_box(tx->t, bf, err) : 0;
}

/* The transaction is committed. */
static void
keep(struct copying *c)
{
	c->pairs = xreallocarray(
	    c->pairs, c->npairs + c->nsteps + 1, sizeof *c->pairs);
	for (size_t i = 0; i < c->nsteps; i++)
		c->pairs[c->npairs++] = c->steps[i].pair;
	c->nsteps = 0;
	/* Lines of earlier transactions are in the same file, or in one that
	 * another process put on disk in its place. */
	if (c->log.fd == -1)
		return;
	fd_close(&c->linesfd);
	c->linesfd = c->log.fd;
	c->log.fd = -1;
}

/* At most BATCH of them, all or none. */
static int
copy_some(struct copying *c, const uint32_t *uids, size_t n, struct err *err)
{
	struct ix_box bf, other;
	struct ix_box *bt = c->from == c->to ? &bf : &other;
	size_t room = TX_ROOM + n * 4 * TX_ROOM_MSG;
	struct tx tx;
	enum found f = FOUND;
	int rc;

	if (sync_begin(c->from, room, &tx, &bf, err) == -1)
		return -1;
	if (c->from != c->to)
		f = handle_enter_mailbox(c->to, err) == 0
			? ix_get_box(tx.t, c->to->box, &other, err)
			: TEMPFAIL;
	if (f == FOUND && c->from != c->to &&
	    kwtable_load(c->to->keywords, tx.t, &other, err) == -1)
		f = TEMPFAIL;
	if (f == ABSENT)
		err_set_code(err, ERR_PERM, ERR_NOT_FOUND, "no such mailbox");
	rc = f == FOUND ? run(c, &tx, &bf, bt, uids, n, err) : -1;
	if (rc == 0)
		rc = tx_commit(&tx, err);
	else
		tx_abort(&tx);
	if (rc == -1)
		undo(c);
	else
		keep(c);
	kwlog_close(&c->log);
	return rc;
}

static struct copying *
copying_alloc(struct mailbox *from, struct mailbox *to, bool move)
{
	struct copying *c = xcalloc(1, sizeof *c);

	c->from = from;
	c->to = to;
	c->move = move;
	buf_init(&c->moved, MOVED_MAX);
	c->curfd = c->fromfd = c->boxfd = c->linesfd = c->log.fd = -1;
	return c;
}

static void
copying_free(struct copying *c)
{
	xfree(&c->pairs);
	buf_fini(&c->moved);
	fd_close(&c->curfd);
	fd_close(&c->fromfd);
	fd_close(&c->boxfd);
	fd_close(&c->linesfd);
	kwlog_close(&c->log);
	free(c);
}

/* The last of them: copies go, and what was moved goes back, under new UIDs
 * because its old ones are spent. */
static void
take_back(struct copying *c)
{
	const size_t n = c->npairs < BATCH ? c->npairs : BATCH;
	uint32_t uids[BATCH];

	c->npairs -= n;
	for (size_t i = 0; i < n; i++)
		uids[i] = c->pairs[c->npairs + i].to;
	if (c->move) {
		struct copying *back = copying_alloc(c->to, c->from, true);

		(void)copy_some(back, uids, n, NULL);
		copying_free(back);
	} else {
		(void)message_remove(c->to, uids, n, NULL);
	}
}

static void
finish(struct copying *c)
{
	struct copy_result *r = &c->result;

	must(r->rc == 0 || c->npairs == 0);
	r->n = c->npairs;
	r->pairs = c->pairs;
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
	while (c->npairs > 0 && !work_spent());
	if (c->npairs > 0)
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
	} else if (c->to->a->ix.unsynced) {
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
	if (c->linesfd != -1 &&
	    (fd_sync(c->linesfd, err) == -1 || fd_sync(c->boxfd, err) == -1))
		return -1;
	if (fd_sync(c->curfd, err) == -1)
		return -1;
	return c->move ? fd_sync(c->fromfd, err) : 0;
}

/* The directories to sync; without one of them nothing is acknowledged. */
static int
sync_prepare(struct copying *c, struct err *err)
{
	if (handle_enter_mailbox(c->from, err) == -1 ||
	    handle_enter_mailbox(c->to, err) == -1)
		return -1;
	c->curfd = maildir_sync_fd(&c->to->dirs, MAILDIR_CUR, err);
	if (c->curfd == -1)
		return -1;
	if (c->move) {
		c->fromfd = maildir_sync_fd(&c->from->dirs, MAILDIR_CUR, err);
		if (c->fromfd == -1)
			return -1;
	}
	if (c->linesfd == -1)
		return 0;
	c->boxfd = fcntl(c->to->dirs.fd, F_DUPFD_CLOEXEC, 0);
	return c->boxfd != -1 ? 0 : err_sys(err, ERR_TEMP, "sync keywords");
}

/* Here and now. */
static int
sync_now(struct copying *c, struct err *err)
{
	if (sync_prepare(c, err) == -1 || account_sync_now(c->to->a, err) == -1)
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
	c->req[2] = (struct durable_req){
		.done = on_synced_keywords, .fd = c->linesfd, .dirfd = c->boxfd
	};
	c->waiting = 1U + c->move + (c->linesfd != -1);
	TAILQ_INIT(&list);
	account_sync_start(c->to->a, &list);
	TAILQ_INSERT_TAIL(&list, &c->req[0], link);
	if (c->move)
		TAILQ_INSERT_TAIL(&list, &c->req[1], link);
	if (c->linesfd != -1)
		TAILQ_INSERT_TAIL(&list, &c->req[2], link);
	durable_submit_list(c->pool, &list);
}

static int
copy_next(struct copying *c, struct err *err)
{
	const size_t n = c->n - c->at < BATCH ? c->n - c->at : BATCH;

	if (c->from->a != c->to->a)
		return err_set_code(err, ERR_PERM, ERR_CANNOT,
		    "the mailboxes belong to two accounts");
	c->looked = false;
	if (copy_some(c, c->uids + c->at, n, err) == -1)
		return -1;
	c->at += n;
	return 0;
}

/* All is copied; false: done() was called or will be. */
static bool
make_durable(struct copying *c)
{
	struct copy_result *r = &c->result;

	if (c->npairs > 0)
		r->rc = c->pool == NULL ? sync_now(c, &r->err)
					: sync_prepare(c, &r->err);
	c->back = r->rc == -1;
	if (c->back)
		return true;
	if (c->npairs > 0 && c->pool != NULL)
		sync_later(c);
	else
		finish(c);
	return false;
}

bool
message_copy_step(struct copying *c)
{
	if (c->back && c->npairs == 0) {
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
	c->without = flags;
	c->no_keywords = !keywords;
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
