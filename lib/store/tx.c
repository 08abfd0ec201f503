/* SPDX-License-Identifier: ISC */
#include "store/tx.h"

#include <string.h>
#include <sys/stat.h>

#include "base/slice.h"
#include "store/boxfile.h"
#include "store/message.h"
#include "sys/clock.h"
#include "sys/kv.h"

enum {
	UID_STEP = 1000,
	GONE_MAX = 200000, /* entries for what is gone; then half of them go */
};

int64_t
dir_mtime_ns(int fd)
{
	struct stat sb;

	if (fd == -1 || fstat(fd, &sb) == -1)
		return 0;
	return (int64_t)sb.st_mtim.tv_sec * 1000000000 + sb.st_mtim.tv_nsec;
}

int
tx_start(struct account *a, size_t room, struct tx *tx, struct err *err)
{
	*tx = (struct tx){ .a = a };
	tx->t = kv_write(a->env, room, err);
	if (tx->t == NULL)
		return -1;
	a->busy++;
	if (ix_get_meta(tx->t, &tx->meta, err) != FOUND) {
		kv_distrust(tx->t);
		tx_abort(tx);
		return err_set(err, ERR_TEMP, "index: not readable");
	}
	tx->modseq = tx->meta.modseq;
	return 0;
}

static int
begin(struct account *a, size_t room, struct tx *tx, struct err *err)
{
	return account_enter(a, err) == 0 ? tx_start(a, room, tx, err) : -1;
}

int
tx_begin(struct account *a, size_t room, struct tx *tx, struct err *err)
{
	if (begin(a, room, tx, err) == -1)
		return -1;
	/* Built anew by another process while we waited for our turn. */
	if (kv_orphan(a->env)) {
		tx_abort(tx);
		if (begin(a, room, tx, err) == -1)
			return -1;
	}
	if (tx->meta.clean == 0)
		return 0;
	if (index_soil(a, err) == 0) {
		tx->meta.clean = 0;
		return 0;
	}
	tx_abort(tx);
	return -1;
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
	tx->a->busy--;
	if (kv_commit(&tx->t, err) == -1)
		return -1;
	if (tx->pended)
		account_flush_later(tx->a);
	if (changed)
		account_notify(tx->a);
	return 0;
}

void
tx_abort(struct tx *tx)
{
	tx->a->busy--;
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
    const struct ix_msg *msg, struct err *err)
{
	if (tx_log(tx, b, uid, LOG_MSG, err) == -1)
		return -1;
	hot->modseq = b->modseq;
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
tx_gone(struct tx *tx, struct ix_box *b, uint32_t uid, struct err *err)
{
	char key[IX_KEY];
	struct ix_hot hot;
	struct ix_msg msg;

	if (ix_get_hot(tx->t, b->box, uid, &hot, err) != FOUND ||
	    ix_get_msg(tx->t, b->box, uid, &msg, err) != FOUND)
		return err_set(err, ERR_TEMP, "index: no message %u", uid);
	b->messages--;
	b->bytes -= (uint64_t)msg.vsize;
	tx->meta.messages--;
	tx->meta.bytes -= (uint64_t)msg.vsize;
	count(b, hot.bits, -1);
	if (unlog(tx, hot.modseq, err) == -1 ||
	    kv_del(tx->t, ix_key(key, 'F', b->box, uid), err) == -1 ||
	    kv_del(tx->t, ix_key(key, 'M', b->box, uid), err) == -1 ||
	    kv_del(tx->t, ix_key(key, 'C', b->box, uid), err) == -1)
		return -1;
	return tx_log(tx, b, uid, LOG_GONE, err);
}

int
tx_change(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_hot *hot,
    uint32_t bits, uint32_t keywords, struct err *err)
{
	const bool seen =
	    ((bits ^ hot->bits) & MSG_FLAGS) != 0 || keywords != hot->keywords;

	if (!seen && bits == hot->bits)
		return 0;
	if (seen) {
		if (unlog(tx, hot->modseq, err) == -1 ||
		    tx_log(tx, b, uid, LOG_MSG, err) == -1)
			return -1;
		count(b, hot->bits, -1);
		count(b, bits, 1);
		hot->modseq = b->modseq;
	}
	hot->bits = bits;
	hot->keywords = keywords;
	if ((bits & HOT_PENDING) != 0)
		tx_pend(tx, b, uid);
	return ix_put_hot(tx->t, b->box, uid, hot, err);
}

int
tx_resize(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_msg *msg,
    int64_t size, int64_t vsize, struct err *err)
{
	const uint64_t by = (uint64_t)vsize - (uint64_t)msg->vsize;

	b->bytes += by;
	tx->meta.bytes += by;
	msg->size = size;
	msg->vsize = vsize;
	return ix_put_msg(tx->t, b->box, uid, msg, err);
}

int
tx_uid(struct ix_box *b, int dirfd, uint32_t *uid, struct err *err)
{
	struct boxfile f = { .uidvalidity = b->uidvalidity,
		.special = b->special };

	if (b->uidnext >= UINT32_MAX - UID_STEP)
		return err_set(
		    err, ERR_PERM, "[LIMIT] the mailbox has no UIDs left");
	if (b->uidnext >= b->ceiling) {
		memcpy(f.id, b->id, sizeof f.id);
		f.ceiling = b->uidnext + UID_STEP;
		if (boxfile_write(dirfd, &f, err) == -1)
			return -1;
		b->ceiling = f.ceiling;
	}
	*uid = b->uidnext++;
	return 0;
}

uint32_t
tx_uidvalidity(struct tx *tx)
{
	const uint32_t now = (uint32_t)clock_wall_s();
	const uint32_t last = tx->meta.last_uidvalidity;

	tx->meta.last_uidvalidity = now > last ? now : last + 1;
	return tx->meta.last_uidvalidity;
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

struct tx_times
tx_times_begin(const struct box_dirs *d)
{
	return (
	    struct tx_times){ dir_mtime_ns(d->curfd), dir_mtime_ns(d->newfd) };
}

void
tx_times_end(struct tx_times t, const struct box_dirs *d, struct ix_box *b)
{
	const int64_t cur_ns = dir_mtime_ns(d->curfd);
	const int64_t new_ns = dir_mtime_ns(d->newfd);

	/* Another program may have slipped in between; a later, thorough look
	 * will find what it did. */
	if (cur_ns != t.cur_ns || new_ns != t.new_ns)
		b->bits |= BOX_UNSURE;
	if (b->cur_mtime_ns == t.cur_ns)
		b->cur_mtime_ns = cur_ns;
	if (b->new_mtime_ns == t.new_ns)
		b->new_mtime_ns = new_ns;
}
