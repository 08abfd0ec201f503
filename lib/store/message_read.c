/* SPDX-License-Identifier: ISC */
#include "store/message.h"

#include "index/ix.h"
#include "index/tx.h"
#include "maildir/maildir.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/mailbox.h"
#include "store/seen.h"
#include "store/snapshot.h"
#include "store/sync.h"
#include "store/visit.h"
#include "sys/fd.h"
#include "sys/kv.h"

enum { OPEN_TRIES = 3 };

static struct message_info
info_of(const struct mailbox *box, uint32_t uid, const struct ix_hot *h,
    const struct ix_msg *m, const struct keyword_set *keywords)
{
	return (struct message_info){ .uid = uid,
		.flags = seen_flags(box, uid, h->bits),
		.keywords = *keywords,
		.modseq = h->modseq,
		.size = m->size,
		.vsize = m->vsize,
		.date_s = m->date_s,
		.sent_s = m->sent_s,
		.saved_s = m->saved_s,
		.email_id = m->email_id,
		.thread_id = m->thread_id };
}

/* Where messages that are read go. */
struct reading {
	struct message_info *out;
	struct slice *records; /* NULL: not wanted */
	struct buf *bytes;
	size_t n;
	size_t got;
	bool failed;
	struct err *err;
};

/* RECORDS are offsets until all are in BYTES, which may move. */
static void
copy_record(struct reading *r, struct visit *v)
{
	struct slice record;
	const enum found f = visit_cached(v, &record, r->err);

	r->records[r->got] = slice_of(NULL, 0);
	r->failed = f == TEMPFAIL;
	if (f != FOUND || record.n > r->bytes->max - r->bytes->n)
		return;
	r->records[r->got] = slice_of("", record.n);
	buf_add(r->bytes, record);
}

static void
point_to_records(struct reading *r)
{
	const char *at = r->bytes->p;

	for (size_t i = 0; i < r->got; i++) {
		if (r->records[i].p == NULL)
			continue;
		r->records[i].p = at;
		at += r->records[i].n;
	}
}

static bool
has_room(const struct reading *r)
{
	return r->got < r->n &&
	       (r->records == NULL || r->bytes->n <= r->bytes->max / 2);
}

static bool
on_read(void *arg, struct visit *v)
{
	struct reading *r = arg;

	r->out[r->got] = v->info;
	if (r->records != NULL)
		copy_record(r, v);
	if (!r->failed)
		r->got++;
	return !r->failed && has_room(r);
}

static int
read_from(struct mailbox *m, uint32_t first, struct reading *r, struct err *err)
{
	int rc;

	r->err = err;
	if (r->n == 0)
		return 0;
	rc = visit_messages(
	    m, first, VISIT_SIZES | VISIT_KEYWORDS, on_read, r, err);
	if (r->records != NULL)
		point_to_records(r);
	return r->failed ? -1 : rc;
}

int
message_read(struct mailbox *m, uint32_t first, struct message_info *out,
    size_t n, size_t *got, struct err *err)
{
	struct reading r = { .out = out, .n = n };
	const int rc = read_from(m, first, &r, err);

	*got = r.got;
	return rc;
}

int
message_read_records(struct mailbox *m, uint32_t first,
    struct message_info *out, struct slice *records, size_t n,
    struct buf *bytes, size_t *got, struct err *err)
{
	struct reading r = {
		.out = out, .records = records, .bytes = bytes, .n = n
	};
	int rc;

	buf_reset(bytes);
	rc = read_from(m, first, &r, err);
	*got = r.got;
	return rc;
}

/* All records of UID. */
static enum found
read_records(struct mailbox *m, uint32_t uid, struct ix_hot *hot,
    struct ix_msg *msg, struct keyword_set *set, struct err *err)
{
	struct kv_txn *t;
	enum found f = message_snapshot(m, &t, err);

	if (f != FOUND)
		return f;
	f = ix_get_hot(t, m->box, uid, hot, err);
	if (f == FOUND)
		f = ix_get_msg(t, m->box, uid, msg, err);
	if (f == FOUND)
		f = ix_get_keywords(t, m->box, uid, hot, set, err);
	kv_abort(&t);
	return f;
}

enum found
message_find(
    struct mailbox *m, uint32_t uid, struct message_info *out, struct err *err)
{
	struct ix_hot hot;
	struct ix_msg msg;
	struct keyword_set set;
	const enum found f = read_records(m, uid, &hot, &msg, &set, err);

	if (f == FOUND)
		*out = info_of(m, uid, &hot, &msg, &set);
	return f;
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

	cachequeue_drop(&m->cache);
	if (sync_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	if (ix_get_hot(tx.t, b.box, uid, &hot, err) != FOUND ||
	    ix_get_msg(tx.t, b.box, uid, &msg, err) != FOUND)
		goto fail;
	if (msg.size != size || msg.vsize != vsize) {
		/* The name says it wrong too. */
		if (tx_resize(&tx, &b, uid, &msg, size, vsize, err) == -1 ||
		    kv_del(tx.t, ix_key(key, 'C', b.box, uid), err) == -1 ||
		    kv_del(tx.t, ix_key(key, 'P', b.box, uid), err) == -1)
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
	struct maildir_stat st;
	int64_t vsize;

	if (maildir_stat(fd, &st, err) == -1)
		return -1;
	if (st.size == msg->size && (hot->bits & HOT_SURE) != 0)
		return 0;
	vsize = maildir_wire_size(fd, err);
	if (vsize == -1)
		return -1;
	/* Right, which message_cache will write down. */
	if (st.size == msg->size && vsize == msg->vsize)
		return 0;
	if (correct(m, uid, st.size, vsize, err) == -1)
		return -1;
	msg->size = st.size;
	msg->vsize = vsize;
	return 0;
}

/* The file of UID, and its records. */
static enum found
open_file(struct mailbox *m, uint32_t uid, int *fd, struct ix_hot *hot,
    struct ix_msg *msg, struct keyword_set *set, struct err *err)
{
	enum found f = ABSENT;
	bool more;

	*fd = -1;
	for (int i = 0; i < OPEN_TRIES; i++) {
		f = read_records(m, uid, hot, msg, set, err);
		if (f != FOUND)
			return f;
		f = maildir_read(&m->dirs, ix_part(hot), msg->file, fd, err);
		if (f != ABSENT)
			break;
		/* Renamed since: by our own kind the first time, else by
		 * others. */
		if (i > 0 && mailbox_sync_some(m, true, &more, err) == -1)
			return TEMPFAIL;
	}
	return f;
}

enum found
message_open(struct mailbox *m, uint32_t uid, int *fd,
    struct message_info *info, struct err *err)
{
	struct keyword_set set;
	struct ix_hot hot;
	struct ix_msg msg;
	const enum found f = open_file(m, uid, fd, &hot, &msg, &set, err);

	if (f != FOUND)
		return f;
	if (verify(m, uid, *fd, &hot, &msg, err) == -1) {
		fd_close(fd);
		return TEMPFAIL;
	}
	if (info != NULL)
		*info = info_of(m, uid, &hot, &msg, &set);
	return FOUND;
}

enum found
message_open_unread(struct mailbox *m, uint32_t uid, int *fd,
    struct message_info *info, struct err *err)
{
	struct keyword_set set;
	struct maildir_stat st;
	struct ix_hot hot;
	struct ix_msg msg;
	const enum found f = open_file(m, uid, fd, &hot, &msg, &set, err);

	if (f != FOUND)
		return f;
	if (maildir_stat(*fd, &st, err) == -1) {
		fd_close(fd);
		return TEMPFAIL;
	}
	*info = info_of(m, uid, &hot, &msg, &set);
	return FOUND;
}
