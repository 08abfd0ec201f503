/* SPDX-License-Identifier: ISC */
#include "store/copy_batch.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/slice.h"
#include "index/ix.h"
#include "index/tx.h"
#include "index/tx_uid.h"
#include "maildir/keyword_set.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/moved.h"
#include "store/quota.h"
#include "store/sync.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/kv.h"

enum { CACHE_LIMIT = 16 << 20 };

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
map_keywords(struct copy_batch *c, struct tx *tx, const struct ix_box *bf,
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
map_set(const struct copy_batch *c, const struct keyword_set *set)
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
put_file(struct copy_batch *c, const struct ix_hot *hot, const char *name,
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
record(struct copy_batch *c, struct tx *tx, struct ix_box *bf,
    struct ix_box *bt, uint32_t uid, struct ix_hot *hot, struct ix_msg *msg,
    const struct keyword_set *set, struct err *err)
{
	const struct copy_done *s = &c->steps[c->nsteps - 1];

	msg->saved_s = clock_wall_s();
	strlcpy(msg->file, s->made, sizeof msg->file);
	hot->bits &= ~(uint32_t)(HOT_NEW | HOT_PENDING | HOT_LINE);
	if (tx_add(tx, bt, s->pair.to, hot, msg, set, err) == -1 ||
	    copy_cache(tx, bf->box, uid, bt->box, s->pair.to, err) == -1)
		return -1;
	return c->move ? tx_gone(tx, bf, uid, err) : 0;
}

static int
copy_one(struct copy_batch *c, struct tx *tx, struct ix_box *bf,
    struct ix_box *bt, uint32_t uid, struct err *err)
{
	struct copy_done *s = &c->steps[c->nsteps];
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
	    tx_uid(tx, bt, c->to->dirs.fd, &s->pair.to, err) == -1)
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
undo(struct copy_batch *c)
{
	for (size_t i = 0; i < c->nsteps; i++) {
		const struct copy_done *s = &c->steps[i];

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
run(struct copy_batch *c, struct tx *tx, struct ix_box *bf, struct ix_box *bt,
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
	c->uidvalidity = bt->uidvalidity;
	tx_times_end(tf, &c->from->dirs, bf);
	if (bf != bt)
		tx_times_end(tt, &c->to->dirs, bt);
	if (ix_put_box(tx->t, bt, err) == -1)
		return -1;
	return bf != bt ? ix_put_box(tx->t, bf, err) : 0;
}

/* The transaction is committed. */
static void
keep(struct copy_batch *c)
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

int
copy_batch(
    struct copy_batch *c, const uint32_t *uids, size_t n, struct err *err)
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
