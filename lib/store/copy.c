/* SPDX-License-Identifier: ISC */
#include "store/copy.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "store/boxes.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/message.h"
#include "store/store.h"
#include "store/tx.h"
#include "sys/clock.h"
#include "sys/durable.h"
#include "sys/fd.h"
#include "sys/kv.h"

enum { CACHE_LIMIT = 16 << 20 };

/* What was done, to be undone when the rest fails. */
struct step {
	struct copy_pair pair;
	bool was_new;
	char old[IX_FILE_NAME];
	char made[IX_FILE_NAME];
};

struct copy {
	struct durable_req req[2]; /* the target's cur; the source */
	struct mailbox *from;
	struct mailbox *to;
	bool move;
	bool looked; /* the source was scanned in this transaction */
	uint32_t letters[MAILBOX_KEYWORDS]; /* bit in FROM -> mask in TO */
	struct step *steps;
	size_t nsteps;
	struct copy_pair *pairs;
	struct copy_result result;
	unsigned waiting;
	int curfd;
	int fromfd;
	void (*done)(void *arg, const struct copy_result *r);
	void *arg;
};

/* Keywords go by name; what does not fit the target's table is left out. */
static void
map_keywords(struct copy *c, uint32_t used)
{
	struct buf name;

	buf_init(&name, 1024);
	for (unsigned i = 0; i < MAILBOX_KEYWORDS; i++) {
		int n = -1;

		buf_reset(&name);
		if ((used & 1U << i) != 0 &&
		    mailbox_keyword_name(c->from, i, &name))
			n = mailbox_keyword(
			    c->to, buf_slice(&name), true, NULL);
		c->letters[i] = n >= 0 ? 1U << n : 0;
	}
	buf_fini(&name);
}

static uint32_t
used_keywords(struct copy *c, const uint32_t *uids, size_t n)
{
	struct kv_txn *t;
	struct ix_hot hot;
	uint32_t used = 0;

	if (mailbox_enter(c->from, NULL) == -1 ||
	    (t = kv_read(c->from->a->env, NULL)) == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (ix_get_hot(t, c->from->box, uids[i], &hot, NULL) == FOUND)
			used |= hot.keywords;
	kv_abort(&t);
	return used;
}

static uint32_t
map_mask(const struct copy *c, uint32_t keywords)
{
	uint32_t mask = 0;

	for (unsigned i = 0; i < MAILBOX_KEYWORDS; i++)
		if ((keywords & 1U << i) != 0)
			mask |= c->letters[i];
	return mask;
}

/* Where no link can be made, a second file. */
static int
copy_bytes(int dirfd, const char *name, int todirfd, const char *to)
{
	int in = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int out = openat(todirfd, to,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct buf chunk;
	int rc = -1;
	ssize_t n = -1;

	buf_init(&chunk, 64 << 10);
	while (in != -1 && out != -1) {
		n = read(in, buf_room(&chunk, 64 << 10), 64 << 10);
		if (n <= 0 ||
		    fd_write_all(out, slice_of(chunk.p, (size_t)n), NULL) == -1)
			break;
	}
	if (n == 0)
		rc = fd_sync(out, NULL);
	buf_fini(&chunk);
	fd_close(&in);
	fd_close(&out);
	return rc;
}

/* The file into the target; 1: it is not where we know it. */
static int
put_file(struct copy *c, const struct ix_hot *hot, const char *name,
    const char *to, struct err *err)
{
	const int dirfd = (hot->bits & HOT_NEW) != 0 ? c->from->dirs.newfd
						     : c->from->dirs.curfd;
	const int todirfd = c->to->dirs.curfd;
	int rc;

	rc = c->move ? renameat(dirfd, name, todirfd, to)
		     : linkat(dirfd, name, todirfd, to, 0);
	if (rc == -1 && !c->move &&
	    (errno == EMLINK || errno == EPERM || errno == EXDEV ||
		errno == EOPNOTSUPP))
		rc = copy_bytes(dirfd, name, todirfd, to);
	if (rc == 0)
		return 0;
	return errno == ENOENT ? 1 : err_sys(err, ERR_TEMP, "copy %s", name);
}

static int
check_quota(const struct tx *tx, const struct ix_msg *msg, struct err *err)
{
	const struct account *a = tx->a;

	if ((a->max_bytes > 0 &&
		tx->meta.bytes + (uint64_t)msg->vsize > a->max_bytes) ||
	    (a->max_messages > 0 && tx->meta.messages >= a->max_messages))
		return err_set(err, ERR_PERM, "[OVERQUOTA] mailbox full");
	return 0;
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
	rc = kv_put(
	    tx->t, ix_key(key, 'C', tobox, touid), buf_slice(&bytes), err);
	buf_fini(&bytes);
	return rc;
}

static int
record(struct copy *c, struct tx *tx, struct ix_box *bf, struct ix_box *bt,
    uint32_t uid, struct ix_hot *hot, struct ix_msg *msg, struct err *err)
{
	const struct step *s = &c->steps[c->nsteps - 1];

	msg->saved_s = clock_wall_s();
	strlcpy(msg->file, s->made, sizeof msg->file);
	hot->bits &= ~(uint32_t)(HOT_NEW | HOT_PENDING);
	if (tx_add(tx, bt, s->pair.to, hot, msg, err) == -1 ||
	    copy_cache(tx, bf->box, uid, bt->box, s->pair.to, err) == -1)
		return -1;
	return c->move ? tx_gone(tx, bf, uid, err) : 0;
}

static int
copy_one(struct copy *c, struct tx *tx, struct ix_box *bf, struct ix_box *bt,
    uint32_t uid, struct err *err)
{
	struct step *s = &c->steps[c->nsteps];
	struct ix_hot hot;
	struct ix_msg msg;
	enum found f = ix_get_hot(tx->t, bf->box, uid, &hot, err);
	int rc;

	if (f == FOUND)
		f = ix_get_msg(tx->t, bf->box, uid, &msg, err);
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	if ((!c->move && check_quota(tx, &msg, err) == -1) ||
	    tx_uid(bt, c->to->dirs.fd, &s->pair.to, err) == -1)
		return -1;
	s->pair.from = uid;
	s->was_new = (hot.bits & HOT_NEW) != 0;
	hot.keywords = map_mask(c, hot.keywords);
	strlcpy(s->old, msg.file, sizeof s->old);
	index_file_name(s->made, &msg, &hot, s->pair.to);
	rc = put_file(c, &hot, s->old, s->made, err);
	if (rc == 1 && !c->looked) {
		c->looked = true;
		if (mailbox_scan(tx, c->from, bf, NULL, err) == -1)
			return -1;
		return copy_one(c, tx, bf, bt, uid, err);
	}
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	c->nsteps++;
	return record(c, tx, bf, bt, uid, &hot, &msg, err);
}

static void
undo(struct copy *c)
{
	for (size_t i = 0; i < c->nsteps; i++) {
		const struct step *s = &c->steps[i];

		if (c->move)
			(void)renameat(c->to->dirs.curfd, s->made,
			    s->was_new ? c->from->dirs.newfd
				       : c->from->dirs.curfd,
			    s->old);
		else
			(void)unlinkat(c->to->dirs.curfd, s->made, 0);
	}
	c->nsteps = 0;
}

static int
run(struct copy *c, struct tx *tx, struct ix_box *bf, struct ix_box *bt,
    const uint32_t *uids, size_t n, struct err *err)
{
	const struct tx_times tf = tx_times_begin(&c->from->dirs);
	const struct tx_times tt = tx_times_begin(&c->to->dirs);

	for (size_t i = 0; i < n; i++)
		if (copy_one(c, tx, bf, bt, uids[i], err) == -1)
			return -1;
	c->result.uidvalidity = bt->uidvalidity;
	tx_times_end(tf, &c->from->dirs, bf);
	if (bf != bt)
		tx_times_end(tt, &c->to->dirs, bt);
	if (ix_put_box(tx->t, bt, err) == -1)
		return -1;
	return bf != bt ? ix_put_box(tx->t, bf, err) : 0;
}

static int
copy_all(struct copy *c, const uint32_t *uids, size_t n, struct err *err)
{
	struct ix_box bf, other;
	struct ix_box *bt = c->from == c->to ? &bf : &other;
	size_t room = TX_ROOM + n * 4 * TX_ROOM_MSG;
	struct tx tx;
	enum found f = FOUND;
	int rc;

	if (mailbox_begin(c->from, room, &tx, &bf, err) == -1)
		return -1;
	if (c->from != c->to)
		f = mailbox_enter(c->to, err) == 0
			? ix_get_box(tx.t, c->to->box, &other, err)
			: TEMPFAIL;
	if (f == ABSENT)
		err_set(err, ERR_PERM, "[NONEXISTENT] no such mailbox");
	rc = f == FOUND ? run(c, &tx, &bf, bt, uids, n, err) : -1;
	if (rc == 0)
		rc = tx_commit(&tx, err);
	else
		tx_abort(&tx);
	if (rc == -1)
		undo(c);
	return rc;
}

static void
finish(struct copy *c)
{
	struct copy_result *r = &c->result;

	c->pairs = xcalloc(c->nsteps, sizeof *c->pairs);
	for (size_t i = 0; i < c->nsteps; i++)
		c->pairs[i] = c->steps[i].pair;
	r->n = c->nsteps;
	r->pairs = c->pairs;
	c->done(c->arg, r);
	xfree(&c->steps);
	xfree(&c->pairs);
	fd_close(&c->curfd);
	fd_close(&c->fromfd);
	free(c);
}

static void
synced(struct copy *c, int error)
{
	if (error != 0) {
		errno = error;
		c->result.rc =
		    err_sys(&c->result.err, ERR_TEMP, "sync a mailbox");
	}
	if (--c->waiting == 0)
		finish(c);
}

static void
on_synced_to(struct durable_req *req, int error)
{
	synced(OUTER(req, struct copy, req[0]), error);
}

static void
on_synced_from(struct durable_req *req, int error)
{
	synced(OUTER(req, struct copy, req[1]), error);
}

static void
make_durable(struct copy *c, struct durable *d)
{
	c->curfd = fcntl(c->to->dirs.curfd, F_DUPFD_CLOEXEC, 0);
	c->fromfd =
	    c->move ? fcntl(c->from->dirs.curfd, F_DUPFD_CLOEXEC, 0) : -1;
	if (d == NULL) {
		c->waiting = 1;
		c->result.rc = fd_sync(c->curfd, &c->result.err);
		synced(c, 0);
		return;
	}
	c->req[0] = (struct durable_req){
		.done = on_synced_to, .fd = -1, .dirfd = c->curfd
	};
	c->req[1] = (struct durable_req){
		.done = on_synced_from, .fd = -1, .dirfd = c->fromfd
	};
	c->waiting = c->move ? 2 : 1;
	durable_submit(d, &c->req[0]);
	if (c->move)
		durable_submit(d, &c->req[1]);
}

/* D: whom to wait for the disk with; NULL: here. */
static void
start(struct mailbox *from, const uint32_t *uids, size_t n, struct mailbox *to,
    bool move, struct durable *d,
    void (*done)(void *arg, const struct copy_result *r), void *arg)
{
	struct copy *c = xcalloc(1, sizeof *c);

	c->from = from;
	c->to = to;
	c->move = move;
	c->done = done;
	c->arg = arg;
	c->curfd = c->fromfd = -1;
	c->steps = xcalloc(n, sizeof *c->steps);
	if (from->a != to->a) {
		c->result.rc = err_set(&c->result.err, ERR_PERM,
		    "[CANNOT] the mailboxes belong to two accounts");
	} else {
		map_keywords(c, used_keywords(c, uids, n));
		c->result.rc = copy_all(c, uids, n, &c->result.err);
	}
	if (c->result.rc == 0 && c->nsteps > 0)
		make_durable(c, d);
	else
		finish(c);
}

void
message_copy(struct mailbox *from, const uint32_t *uids, size_t n,
    struct mailbox *to, bool move,
    void (*done)(void *arg, const struct copy_result *r), void *arg)
{
	start(from, uids, n, to, move, to->a->store->durable, done, arg);
}

static void
on_moved(void *arg, const struct copy_result *r)
{
	struct copy_result *out = arg;

	*out = *r;
}

enum { MOVE_BATCH = 50 };

static int
move_all(struct mailbox *from, struct mailbox *to, struct err *err)
{
	struct message_info infos[MOVE_BATCH];
	uint32_t uids[MOVE_BATCH];
	struct copy_result r;
	size_t n;

	for (;;) {
		if (message_read(from, 1, infos, ARRAY_LEN(infos), &n, err) ==
		    -1)
			return -1;
		if (n == 0)
			return 0;
		for (size_t i = 0; i < n; i++)
			uids[i] = infos[i].uid;
		start(from, uids, n, to, true, NULL, on_moved, &r);
		if (r.rc == -1 && err != NULL)
			*err = r.err;
		if (r.rc == -1)
			return -1;
	}
}

int
mailbox_empty_inbox(struct account *a, struct slice to, struct err *err)
{
	struct mailbox *from = NULL, *into = NULL;
	int rc = -1;

	if (mailbox_create(a, to, 0, err) == 0 &&
	    mailbox_open(a, SLICE("INBOX"), &from, err) == FOUND &&
	    mailbox_open(a, to, &into, err) == FOUND)
		rc = move_all(from, into, err);
	mailbox_close(&from);
	mailbox_close(&into);
	return rc;
}
