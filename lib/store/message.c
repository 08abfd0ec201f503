/* SPDX-License-Identifier: ISC */
#include "store/message.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/cache.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/scan.h"
#include "store/tx.h"
#include "store/walk.h"
#include "sys/fd.h"
#include "sys/kv.h"

enum { EXPUNGE_BATCH = 1000, OPEN_TRIES = 3 };

static struct message_info
info_of(uint32_t uid, const struct ix_hot *h, const struct ix_msg *m)
{
	return (struct message_info){ .uid = uid,
		.flags = h->bits & MSG_FLAGS,
		.keywords = h->keywords,
		.modseq = h->modseq,
		.size = m->size,
		.vsize = m->vsize,
		.date_s = m->date_s,
		.sent_s = m->sent_s,
		.saved_s = m->saved_s,
		.email_id = m->email_id,
		.thread_id = m->thread_id };
}

int
message_read(struct mailbox *m, uint32_t first, struct message_info *out,
    size_t n, size_t *got, struct err *err)
{
	enum found f = ABSENT;
	struct kv_txn *t;
	struct walk w;

	*got = 0;
	if (mailbox_enter(m, err) == -1 ||
	    (t = kv_read(m->a->env, err)) == NULL)
		return -1;
	if (walk_open(&w, t, m->box, first, true, err) == -1) {
		kv_abort(&t);
		return -1;
	}
	while (*got < n && (f = walk_next(&w, err)) == FOUND)
		out[(*got)++] = info_of(w.uid, &w.hot, &w.msg);
	walk_close(&w);
	kv_abort(&t);
	return f == TEMPFAIL ? -1 : 0;
}

/* Both records of UID. */
static enum found
read_records(struct mailbox *m, uint32_t uid, struct ix_hot *hot,
    struct ix_msg *msg, struct err *err)
{
	struct kv_txn *t;
	enum found f;

	if (mailbox_enter(m, err) == -1 ||
	    (t = kv_read(m->a->env, err)) == NULL)
		return TEMPFAIL;
	f = ix_get_hot(t, m->box, uid, hot, err);
	if (f == FOUND)
		f = ix_get_msg(t, m->box, uid, msg, err);
	kv_abort(&t);
	return f;
}

enum found
message_find(
    struct mailbox *m, uint32_t uid, struct message_info *out, struct err *err)
{
	struct ix_hot hot;
	struct ix_msg msg;
	const enum found f = read_records(m, uid, &hot, &msg, err);

	if (f == FOUND)
		*out = info_of(uid, &hot, &msg);
	return f;
}

static int
dir_of(const struct mailbox *m, const struct ix_hot *hot)
{
	return (hot->bits & HOT_NEW) != 0 ? m->dirs.newfd : m->dirs.curfd;
}

/* Write down what the file is really like; what was made of it before is not
 * to be trusted then. */
static int
correct(struct mailbox *m, uint32_t uid, int64_t size, int64_t vsize,
    struct err *err)
{
	char key[IX_KEY];
	struct ix_box b;
	struct ix_hot hot;
	struct ix_msg msg;
	struct tx tx;

	cache_drop(m);
	if (mailbox_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	if (ix_get_hot(tx.t, b.box, uid, &hot, err) != FOUND ||
	    ix_get_msg(tx.t, b.box, uid, &msg, err) != FOUND)
		goto fail;
	if (msg.size != size || msg.vsize != vsize) {
		/* The name says it wrong too. */
		if (tx_resize(&tx, &b, uid, &msg, size, vsize, err) == -1 ||
		    kv_del(tx.t, ix_key(key, 'C', b.box, uid), err) == -1)
			goto fail;
		hot.bits |= HOT_PENDING;
		tx_pend(&tx, &b, uid);
	}
	hot.bits |= HOT_SURE;
	if (ix_put_hot(tx.t, b.box, uid, &hot, err) == 0 &&
	    ix_put_box(tx.t, &b, err) == 0)
		return tx_commit(&tx, err);
fail:
	tx_abort(&tx);
	return -1;
}

/* FD is what the records speak of, or they are corrected. */
static int
verify(struct mailbox *m, uint32_t uid, int fd, const struct ix_hot *hot,
    struct ix_msg *msg, struct err *err)
{
	struct stat sb;
	int64_t vsize;

	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode))
		return err_set(err, ERR_TEMP, "not a regular file");
	if (sb.st_size == msg->size && (hot->bits & HOT_SURE) != 0)
		return 0;
	vsize = scan_wire_size(fd, err);
	if (vsize == -1)
		return -1;
	/* Right, which message_cache will write down. */
	if (sb.st_size == msg->size && vsize == msg->vsize)
		return 0;
	if (correct(m, uid, sb.st_size, vsize, err) == -1)
		return -1;
	msg->size = sb.st_size;
	msg->vsize = vsize;
	return 0;
}

enum found
message_open(struct mailbox *m, uint32_t uid, int *fd,
    struct message_info *info, struct err *err)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	struct ix_hot hot;
	struct ix_msg msg;
	enum found f;

	*fd = -1;
	for (int i = 0; i < OPEN_TRIES; i++) {
		f = read_records(m, uid, &hot, &msg, err);
		if (f != FOUND)
			return f;
		*fd = openat(dir_of(m, &hot), msg.file, flags);
		if (*fd != -1 || errno != ENOENT)
			break;
		/* Renamed since: by our own kind the first time, else by
		 * others. */
		if (i > 0 && mailbox_sync(m, true, err) == -1)
			return TEMPFAIL;
	}
	if (*fd == -1) {
		err_sys(err, ERR_TEMP, "open %s", msg.file);
		return errno == ENOENT ? ABSENT : TEMPFAIL;
	}
	if (verify(m, uid, *fd, &hot, &msg, err) == -1) {
		fd_close(fd);
		return TEMPFAIL;
	}
	if (info != NULL)
		*info = info_of(uid, &hot, &msg);
	return FOUND;
}

static void
apply(const struct flags_change *c, const struct ix_hot *hot, uint32_t *bits,
    uint32_t *keywords)
{
	const uint32_t flags = c->flags & MSG_FLAGS;

	*bits = hot->bits;
	*keywords = hot->keywords;
	switch (c->op) {
	case FLAGS_SET:
		*bits = (*bits & ~(uint32_t)MSG_FLAGS) | flags;
		/* Maildir's own flag has no name in IMAP to keep it by. */
		*bits |= hot->bits & MSG_PASSED;
		*keywords = c->keywords;
		break;
	case FLAGS_ADD:
		*bits |= flags;
		*keywords |= c->keywords;
		break;
	case FLAGS_DEL:
		*bits &= ~flags;
		*keywords &= ~c->keywords;
		break;
	}
	if (((*bits ^ hot->bits) & MSG_FLAGS) != 0 ||
	    *keywords != hot->keywords)
		*bits |= HOT_PENDING;
}

static int
change_one(struct tx *tx, struct ix_box *b, uint32_t uid,
    const struct flags_change *c, struct buf *failed, struct err *err)
{
	struct ix_hot hot;
	uint32_t bits, keywords;
	const enum found f = ix_get_hot(tx->t, b->box, uid, &hot, err);

	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	if (hot.modseq > c->unchanged_since) {
		if (failed != NULL)
			buf_add(failed, slice_of(&uid, sizeof uid));
		return 0;
	}
	apply(c, &hot, &bits, &keywords);
	return tx_change(tx, b, uid, &hot, bits, keywords, err);
}

int
message_flags(struct mailbox *m, const uint32_t *uids, size_t n,
    const struct flags_change *change, struct buf *failed, uint64_t *from,
    uint64_t *to, struct err *err)
{
	struct ix_box b;
	struct tx tx;

	if (mailbox_begin(m, TX_ROOM + n * 256, &tx, &b, err) == -1)
		return -1;
	*from = tx.meta.modseq + 1;
	for (size_t i = 0; i < n; i++)
		if (change_one(&tx, &b, uids[i], change, failed, err) == -1) {
			tx_abort(&tx);
			return -1;
		}
	*to = tx.meta.modseq + 1;
	if (ix_put_box(tx.t, &b, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

/* Unlink UID's file and forget it.  *LOOKED: the directories were read since
 * the transaction began, so that a file that is not there is gone. */
static int
expunge_one(struct tx *tx, struct mailbox *m, struct ix_box *b, uint32_t uid,
    bool any, bool *looked, struct err *err)
{
	struct ix_hot hot;
	struct ix_msg msg;
	enum found f = ix_get_hot(tx->t, b->box, uid, &hot, err);

	if (f == FOUND)
		f = ix_get_msg(tx->t, b->box, uid, &msg, err);
	if (f != FOUND)
		return f == ABSENT ? 0 : -1;
	if (!any && (hot.bits & MSG_DELETED) == 0)
		return 0;
	if (unlinkat(dir_of(m, &hot), msg.file, 0) == 0)
		return tx_gone(tx, b, uid, err);
	if (errno != ENOENT)
		return err_sys(err, ERR_TEMP, "unlink %s", msg.file);
	if (*looked)
		return tx_gone(tx, b, uid, err);
	/* Under another name it would come back as a new message. */
	*looked = true;
	if (mailbox_scan(tx, m, b, NULL, err) == -1)
		return -1;
	return expunge_one(tx, m, b, uid, any, looked, err);
}

static int
expunge_batch(struct mailbox *m, const uint32_t *uids, size_t n, bool any,
    struct err *err)
{
	struct tx_times times;
	bool looked = false;
	struct ix_box b;
	struct tx tx;
	int rc = 0;

	if (mailbox_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	times = tx_times_begin(&m->dirs);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = expunge_one(&tx, m, &b, uids[i], any, &looked, err);
	tx_times_end(times, &m->dirs, &b);
	/* What was unlinked before a failure is gone all the same. */
	if (ix_put_box(tx.t, &b, rc == 0 ? err : NULL) == -1) {
		tx_abort(&tx);
		return -1;
	}
	return tx_commit(&tx, rc == 0 ? err : NULL) == 0 ? rc : -1;
}

int
message_expunge(struct mailbox *m, const uint32_t *uids, size_t n, bool any,
    struct err *err)
{
	for (size_t i = 0; i < n; i += EXPUNGE_BATCH) {
		const size_t k = n - i < EXPUNGE_BATCH ? n - i : EXPUNGE_BATCH;

		if (expunge_batch(m, uids + i, k, any, err) == -1)
			return -1;
	}
	return 0;
}
