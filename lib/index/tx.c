/* SPDX-License-Identifier: ISC */
#include "index/tx.h"

#include <fcntl.h>
#include <string.h>

#include "base/slice.h"
#include "index/column.h"
#include "index/index.h"
#include "index/ix.h"
#include "index/stamp.h"
#include "index/tx_touch.h"
#include "maildir/filename.h"
#include "maildir/keyword_set.h"
#include "maildir/mailboxes.h"
#include "sys/fd.h"
#include "sys/kv.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

enum {
	GONE_MAX = 200000, /* entries for what is gone; then half of them go */
};

int
tx_start(struct index *ix, size_t room, struct tx *tx, struct err *err)
{
	*tx = (struct tx){ .ix = ix };
	tx->t = kv_write(ix->env, room, err);
	if (tx->t == NULL)
		return -1;
	ix->busy++;
	if (ix_get_meta(tx->t, &tx->meta, err) != FOUND) {
		kv_distrust(tx->t);
		tx_abort(tx);
		return err_set(err, ERR_TEMP, "index: not readable");
	}
	tx->modseq = tx->meta.modseq;
	return 0;
}

/* The stamp says that the index is open, before it is written to. */
static int
stamp_open(struct index *ix, struct err *err)
{
	int fd = openat(ix->fd, INDEX_DIR, DIR_FLAGS);
	int rc;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open " INDEX_DIR);
	rc = (ix->unsynced ? stamp_put : stamp_write)(fd, ix->boot_id, err);
	fd_close(&fd);
	return rc;
}

int
tx_soil(struct tx *tx, struct err *err)
{
	struct index *ix = tx->ix;

	ix->soiled = true;
	if (tx->meta.clean == IX_UNSYNCED && !ix->synced)
		ix->unsynced = true;
	else if (tx->meta.clean == IX_UNSYNCED)
		tx->meta.clean = IX_OPEN;
	if (tx->meta.clean == IX_CLEAN && stamp_open(ix, err) == -1)
		return -1;
	if (tx->meta.clean == IX_CLEAN)
		tx->meta.clean = IX_OPEN;
	return 0;
}

/* Drop the oldest half of the log's entries for what is gone. */
static int
trim_log(struct tx *tx, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(tx->t, err);
	char key[IX_KEY];
	struct slice k, v;
	struct ix_log l;
	uint64_t modseq;
	enum found f;

	if (c == NULL)
		return -1;
	f = kv_seek(c, ix_log_key(key, 0), &k, &v, err);
	while (f == FOUND && tx->meta.gone > GONE_MAX / 2 &&
	       ix_key_log(k, &modseq) && ix_read_log(v, &l)) {
		if (l.kind != LOG_MSG) {
			tx->meta.log_floor = modseq;
			tx->meta.gone--;
			if (kv_unset(c, err) == -1) {
				f = TEMPFAIL;
				break;
			}
			f = kv_seek(c, ix_log_key(key, modseq), &k, &v, err);
			continue;
		}
		f = kv_next(c, &k, &v, err);
	}
	kv_cursor_close(&c);
	return f == TEMPFAIL ? -1 : 0;
}

int
tx_commit(struct tx *tx, struct err *err)
{
	const bool changed = tx->meta.modseq != tx->modseq;

	if ((tx->meta.gone > GONE_MAX && trim_log(tx, err) == -1) ||
	    ix_put_meta(tx->t, &tx->meta, err) == -1) {
		tx_abort(tx);
		return -1;
	}
	tx->ix->busy--;
	if (kv_commit(&tx->t, err) == -1)
		return -1;
	tx->ix->on_commit(tx->ix, changed, tx->pended);
	return 0;
}

void
tx_abort(struct tx *tx)
{
	tx->ix->busy--;
	kv_abort(&tx->t);
}

int
tx_log(struct tx *tx, struct ix_box *b, uint32_t uid, enum ix_log_kind kind,
    struct err *err)
{
	const struct ix_log l = { b->box, uid, kind };
	char key[IX_KEY];

	b->modseq = ++tx->meta.modseq;
	if (kind != LOG_MSG)
		tx->meta.gone++;
	return kv_put(tx->t, ix_log_key(key, tx->meta.modseq),
	    slice_of(&l, sizeof l), err);
}

/* Add (SIGN 1) or take away (-1) what B counts of a message. */
static void
count(struct ix_box *b, uint32_t bits, int sign)
{
	const uint32_t by = (uint32_t)sign;

	if ((bits & MSG_SEEN) == 0)
		b->unseen += by;
	if ((bits & MSG_DELETED) != 0)
		b->deleted += by;
}

int
tx_add(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_hot *hot,
    const struct ix_msg *msg, const struct keyword_set *keywords,
    struct err *err)
{
	if (tx_log(tx, b, uid, LOG_MSG, err) == -1)
		return -1;
	hot->modseq = b->modseq;
	hot->letters = keyword_set_letters(keywords);
	hot->bits &= ~(uint32_t)HOT_MORE;
	if (keyword_set_more(keywords)) {
		hot->bits |= HOT_MORE;
		if (ix_put_more(tx->t, b->box, uid, keywords, err) == -1)
			return -1;
	}
	b->messages++;
	b->bytes += (uint64_t)msg->vsize;
	tx->meta.messages++;
	tx->meta.bytes += (uint64_t)msg->vsize;
	count(b, hot->bits, 1);
	if ((hot->bits & HOT_PENDING) != 0)
		tx_pend(tx, b, uid);
	if (ix_put_hot(tx->t, b->box, uid, hot, err) == -1)
		return -1;
	return ix_put_msg(tx->t, b->box, uid, msg, err);
}

static int
unlog(struct tx *tx, uint64_t modseq, struct err *err)
{
	char key[IX_KEY];

	return kv_del(tx->t, ix_log_key(key, modseq), err);
}

int
tx_forget(struct tx *tx, uint32_t box, uint32_t uid, const struct ix_hot *hot,
    struct err *err)
{
	char key[IX_KEY];

	if (unlog(tx, hot->modseq, err) == -1 ||
	    kv_del(tx->t, ix_key(key, 'F', box, uid), err) == -1 ||
	    ((hot->bits & HOT_MORE) != 0 &&
		kv_del(tx->t, ix_key(key, 'K', box, uid), err) == -1) ||
	    kv_del(tx->t, ix_key(key, 'M', box, uid), err) == -1 ||
	    kv_del(tx->t, ix_key(key, 'P', box, uid), err) == -1 ||
	    column_drop(tx->t, box, uid, err) == -1)
		return -1;
	return kv_del(tx->t, ix_key(key, 'C', box, uid), err);
}

int
tx_gone_known(struct tx *tx, struct ix_box *b, uint32_t uid,
    const struct ix_hot *hot, int64_t vsize, struct err *err)
{
	b->messages--;
	b->bytes -= (uint64_t)vsize;
	tx->meta.messages--;
	tx->meta.bytes -= (uint64_t)vsize;
	count(b, hot->bits, -1);
	if (tx_forget(tx, b->box, uid, hot, err) == -1 ||
	    tx_log(tx, b, uid, LOG_GONE, err) == -1)
		return -1;
	if (hot->letters != 0 || (hot->bits & HOT_MORE) != 0)
		b->keyword_lost = b->modseq;
	return 0;
}

int
tx_gone(struct tx *tx, struct ix_box *b, uint32_t uid, struct err *err)
{
	struct ix_hot hot;
	struct ix_msg msg;

	if (ix_get_hot(tx->t, b->box, uid, &hot, err) != FOUND ||
	    ix_get_msg(tx->t, b->box, uid, &msg, err) != FOUND)
		return err_set(err, ERR_TEMP, "index: no message %u", uid);
	return tx_gone_known(tx, b, uid, &hot, msg.vsize, err);
}

/* Do A and B agree beyond the letters? */
static bool
more_eq(const struct keyword_set *a, const struct keyword_set *b)
{
	struct keyword_set x = *a;

	keyword_set_put_letters(&x, keyword_set_letters(b));
	return memcmp(&x, b, sizeof x) == 0;
}

static bool
has_lost(const struct keyword_set *had, const struct keyword_set *now)
{
	struct keyword_set lost = *had;

	keyword_set_del(&lost, now);
	return keyword_set_next(&lost, 0) < KEYWORDS_MAX;
}

int
tx_change(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_hot *hot,
    uint32_t bits, const struct keyword_set *keywords, struct err *err)
{
	struct keyword_set had;
	bool letters, more, seen;

	if (ix_get_keywords(tx->t, b->box, uid, hot, &had, err) != FOUND)
		return -1;
	letters = keyword_set_letters(keywords) != hot->letters;
	more = !more_eq(keywords, &had);
	seen = ((bits ^ hot->bits) & MSG_FLAGS) != 0 || letters || more;
	if (more)
		bits |= HOT_PENDING | HOT_LINE;
	bits &= ~(uint32_t)HOT_MORE;
	bits |= keyword_set_more(keywords) ? HOT_MORE : 0;
	if (!seen && bits == hot->bits)
		return 0;
	if (seen) {
		if (unlog(tx, hot->modseq, err) == -1 ||
		    tx_log(tx, b, uid, LOG_MSG, err) == -1)
			return -1;
		count(b, hot->bits, -1);
		count(b, bits, 1);
		hot->modseq = b->modseq;
		if ((letters || more) && has_lost(&had, keywords))
			b->keyword_lost = b->modseq;
	}
	hot->bits = bits;
	hot->letters = keyword_set_letters(keywords);
	if (more && ix_put_more(tx->t, b->box, uid, keywords, err) == -1)
		return -1;
	if ((bits & HOT_PENDING) != 0)
		tx_pend(tx, b, uid);
	return ix_put_hot(tx->t, b->box, uid, hot, err);
}

int
tx_touch(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_hot *hot,
    struct err *err)
{
	if (unlog(tx, hot->modseq, err) == -1 ||
	    tx_log(tx, b, uid, LOG_MSG, err) == -1)
		return -1;
	hot->modseq = b->modseq;
	return ix_put_hot(tx->t, b->box, uid, hot, err);
}

int
tx_resize(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_msg *msg,
    int64_t size, int64_t vsize, struct err *err)
{
	const uint64_t by = (uint64_t)vsize - (uint64_t)msg->vsize;

	if ((by != 0 || size != msg->size) &&
	    column_drop(tx->t, b->box, uid, err) == -1)
		return -1;
	b->bytes += by;
	tx->meta.bytes += by;
	msg->size = size;
	msg->vsize = vsize;
	return ix_put_msg(tx->t, b->box, uid, msg, err);
}

void
tx_pend(struct tx *tx, struct ix_box *b, uint32_t uid)
{
	tx->pended = true;
	if (b->pending_from == b->pending_to) {
		b->pending_from = uid;
		b->pending_to = uid + 1;
		return;
	}
	if (uid < b->pending_from)
		b->pending_from = uid;
	if (uid >= b->pending_to)
		b->pending_to = uid + 1;
}

/* A part went from BEFORE to NOW; *KNOWN is what the index has taken in. */
static void
time_end(int64_t before, int64_t now, int64_t *known, struct ix_box *b)
{
	/* Another program may have slipped in between; a later, thorough look
	 * will find what it did. */
	if (now != before)
		b->bits |= BOX_UNSURE;
	if (*known == before)
		*known = now;
}

void
tx_times_end(struct maildir_times t, const struct maildir *d, struct ix_box *b)
{
	const struct maildir_times now = maildir_times(d);

	time_end(t.cur_ns, now.cur_ns, &b->cur_mtime_ns, b);
	time_end(t.new_ns, now.new_ns, &b->new_mtime_ns, b);
}

void
tx_time_end(int64_t before_ns, enum maildir_part part, const struct maildir *d,
    struct ix_box *b)
{
	time_end(before_ns, maildir_time(d, part),
	    part == MAILDIR_NEW ? &b->new_mtime_ns : &b->cur_mtime_ns, b);
}

void
tx_names_end(struct tx *tx, int64_t before_ns)
{
	const int64_t now_ns = maildir_names_time(tx->ix->fd);
	int64_t *known_ns = &tx->meta.dir_mtime_ns;

	if (now_ns != before_ns &&
	    (*known_ns == before_ns || *known_ns == -before_ns))
		*known_ns = -now_ns;
}
