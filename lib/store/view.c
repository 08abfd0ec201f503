/* SPDX-License-Identifier: ISC */
/*
 * uids is the picture, in ascending order.  The log says what changed since
 * modseq; where it does not reach back so far, the index is read again.
 * Messages that are gone and still have numbers are in `gone`, ascending.
 */
#include "store/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "store/boxes.h"
#include "store/index.h"
#include "store/inner.h"
#include "store/tx.h"
#include "store/walk.h"
#include "sys/kv.h"

enum { LIST_LIMIT = 1 << 30 };

struct range {
	uint64_t from; /* [from, to) */
	uint64_t to;
};

struct ranges {
	struct range *v;
	size_t n;
};

struct view {
	struct mailbox *m;
	uint32_t *uids;
	uint32_t n;
	uint32_t cap;
	uint64_t modseq;  /* how far the log was read */
	uint64_t highest; /* of the mailbox, as of then */
	uint32_t uidvalidity;
	uint32_t keywords;
	bool readonly;
	uint32_t looked;      /* readonly: UIDs below were looked at */
	struct buf gone;      /* uint32_t */
	struct ranges recent; /* of UIDs */
	struct ranges silent; /* of mod-sequences, since the last sync */
};

/* What a sync found. */
struct news {
	struct buf gone;    /* UIDs, as uint32_t */
	struct buf fresh;   /* UIDs behind the picture's last */
	struct buf changed; /* struct changed */
	struct ix_meta meta;
	struct ix_box box;
};

struct changed {
	uint32_t uid;
	uint32_t own;
};

static void
add_range(struct ranges *r, uint64_t from, uint64_t to)
{
	if (from >= to)
		return;
	if (r->n > 0 && r->v[r->n - 1].to == from) {
		r->v[r->n - 1].to = to;
		return;
	}
	r->v = xreallocarray(r->v, r->n + 1, sizeof *r->v);
	r->v[r->n++] = (struct range){ from, to };
}

static bool
in_ranges(const struct ranges *r, uint64_t value)
{
	for (size_t i = 0; i < r->n; i++)
		if (value >= r->v[i].from && value < r->v[i].to)
			return true;
	return false;
}

static void
add_uid(struct view *v, uint32_t uid)
{
	if (v->n == v->cap) {
		v->cap = v->cap > 0 ? v->cap + v->cap / 2 : 16;
		v->uids = xreallocarray(v->uids, v->cap, sizeof(*v->uids));
	}
	v->uids[v->n++] = uid;
}

/* The first index in UIDS whose value is at least UID. */
static uint32_t
lower_bound(const uint32_t *uids, uint32_t n, uint32_t uid)
{
	uint32_t lo = 0, hi = n;

	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if (uids[mid] < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t
uid_count(const struct buf *b)
{
	return b->n / sizeof(uint32_t);
}

static uint32_t
uid_at(const struct buf *b, size_t i)
{
	uint32_t uid;

	memcpy(&uid, b->p + i * sizeof uid, sizeof uid);
	return uid;
}

static int
by_value(const void *pa, const void *pb)
{
	const uint32_t a = *(const uint32_t *)pa;
	const uint32_t b = *(const uint32_t *)pb;

	return (a > b) - (a < b);
}

static void
sort_uids(struct buf *b)
{
	if (b->n > 0)
		qsort(b->p, uid_count(b), sizeof(uint32_t), by_value);
}

/* Take the messages that nobody has had as \Recent, and let those in new/ go
 * to cur/. */
static int
claim_recent(struct view *v, struct err *err)
{
	struct ix_box b;
	struct tx tx;

	if (mailbox_begin(v->m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	if (b.first_recent >= b.uidnext) {
		tx_abort(&tx);
		return 0;
	}
	add_range(&v->recent, b.first_recent, b.uidnext);
	tx_pend(&tx, &b, b.first_recent);
	tx_pend(&tx, &b, b.uidnext - 1);
	b.first_recent = b.uidnext;
	if (ix_put_box(tx.t, &b, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

/* The same for who only looks: they are \Recent here and stay so for others.
 */
static void
look_at_recent(struct view *v, const struct ix_box *b)
{
	const uint32_t from =
	    b->first_recent > v->looked ? b->first_recent : v->looked;

	add_range(&v->recent, from, b->uidnext);
	v->looked = b->uidnext;
}

static int
read_all(struct view *v, struct kv_txn *t, struct err *err)
{
	struct walk w;
	enum found f;

	if (walk_open(&w, t, v->m->box, 0, false, err) == -1)
		return -1;
	while ((f = walk_next(&w, err)) == FOUND)
		add_uid(v, w.uid);
	walk_close(&w);
	return f == TEMPFAIL ? -1 : 0;
}

static int
take_picture(struct view *v, struct err *err)
{
	struct ix_meta meta;
	struct ix_box b;
	struct kv_txn *t;
	int rc = -1;

	if (mailbox_enter(v->m, err) == -1 ||
	    (t = kv_read(v->m->a->env, err)) == NULL)
		return -1;
	if (ix_get_meta(t, &meta, err) == FOUND &&
	    ix_get_box(t, v->m->box, &b, err) == FOUND)
		rc = read_all(v, t, err);
	kv_abort(&t);
	if (rc == -1)
		return -1;
	v->modseq = meta.modseq;
	v->highest = b.modseq;
	v->uidvalidity = b.uidvalidity;
	v->keywords = b.keywords;
	if (v->readonly)
		look_at_recent(v, &b);
	return 0;
}

struct view *
view_open(struct mailbox *m, unsigned flags, struct err *err)
{
	struct view *v = xcalloc(1, sizeof *v);

	v->m = m;
	v->readonly = (flags & VIEW_READONLY) != 0;
	buf_init(&v->gone, LIST_LIMIT);
	if (mailbox_sync(m, false, err) == -1)
		goto fail;
	tmp_clean(m->dirs.tmpfd);
	if ((v->readonly || claim_recent(v, err) == 0) &&
	    take_picture(v, err) == 0)
		return v;
fail:
	view_close(&v);
	return NULL;
}

void
view_close(struct view **vp)
{
	struct view *v = *vp;

	if (v == NULL)
		return;
	xfree(&v->uids);
	xfree(&v->recent.v);
	xfree(&v->silent.v);
	buf_fini(&v->gone);
	xfree(vp);
}

struct mailbox *
view_mailbox(const struct view *v)
{
	return v->m;
}

uint32_t
view_count(const struct view *v)
{
	return v->n;
}

uint32_t
view_uid(const struct view *v, uint32_t seq)
{
	must(seq >= 1 && seq <= v->n);
	return v->uids[seq - 1];
}

uint32_t
view_seq_from(const struct view *v, uint32_t uid)
{
	return lower_bound(v->uids, v->n, uid) + 1;
}

uint32_t
view_seq(const struct view *v, uint32_t uid)
{
	const uint32_t i = lower_bound(v->uids, v->n, uid);

	return i < v->n && v->uids[i] == uid ? i + 1 : 0;
}

bool
view_recent(const struct view *v, uint32_t uid)
{
	return in_ranges(&v->recent, uid);
}

uint32_t
view_recents(const struct view *v)
{
	uint32_t n = 0;

	for (size_t i = 0; i < v->recent.n; i++)
		n += view_seq_from(v, (uint32_t)v->recent.v[i].to) -
		     view_seq_from(v, (uint32_t)v->recent.v[i].from);
	return n;
}

uint64_t
view_modseq(const struct view *v)
{
	return v->highest;
}

uint32_t
view_pending(const struct view *v)
{
	return (uint32_t)uid_count(&v->gone);
}

static uint32_t
last_uid(const struct view *v)
{
	return v->n > 0 ? v->uids[v->n - 1] : 0;
}

static void
note(struct news *n, const struct view *v, const struct ix_log *l,
    uint64_t modseq)
{
	const struct changed c = { l->uid, in_ranges(&v->silent, modseq) };

	if (l->kind == LOG_GONE) {
		if (view_seq(v, l->uid) != 0)
			buf_add(&n->gone, slice_of(&l->uid, sizeof l->uid));
	} else if (l->kind == LOG_MSG && l->uid > last_uid(v)) {
		buf_add(&n->fresh, slice_of(&l->uid, sizeof l->uid));
	} else if (l->kind == LOG_MSG) {
		buf_add(&n->changed, slice_of(&c, sizeof c));
	}
}

static int
read_log(struct view *v, struct kv_txn *t, struct news *n, struct err *err)
{
	struct kv_cursor *c = kv_cursor_open(t, err);
	char key[IX_KEY];
	struct slice k, val;
	struct ix_log l;
	uint64_t modseq;
	enum found f;

	if (c == NULL)
		return -1;
	f = kv_seek(c, ix_log_key(key, v->modseq + 1), &k, &val, err);
	while (f == FOUND && ix_key_log(k, &modseq) && ix_read_log(val, &l)) {
		if (l.box == v->m->box)
			note(n, v, &l, modseq);
		f = kv_next(c, &k, &val, err);
	}
	kv_cursor_close(&c);
	return f == TEMPFAIL ? -1 : 0;
}

/* Without the log: every message of the index against the picture. */
static int
read_index(struct view *v, struct kv_txn *t, struct news *n, struct err *err)
{
	const uint32_t last = last_uid(v);
	struct walk w;
	uint32_t i = 0;
	enum found f;

	if (walk_open(&w, t, v->m->box, 0, false, err) == -1)
		return -1;
	while ((f = walk_next(&w, err)) == FOUND) {
		const struct changed c = { w.uid, 0 };

		for (; i < v->n && v->uids[i] < w.uid; i++)
			buf_add(
			    &n->gone, slice_of(&v->uids[i], sizeof v->uids[i]));
		if (w.uid > last)
			buf_add(&n->fresh, slice_of(&w.uid, sizeof w.uid));
		else if (i < v->n && v->uids[i] == w.uid) {
			i++;
			if (w.hot.modseq > v->modseq)
				buf_add(&n->changed, slice_of(&c, sizeof c));
		}
	}
	for (; i < v->n; i++)
		buf_add(&n->gone, slice_of(&v->uids[i], sizeof v->uids[i]));
	walk_close(&w);
	return f == TEMPFAIL ? -1 : 0;
}

/* ABSENT: the mailbox is gone, or another one stands in its place. */
static enum found
gather(struct view *v, struct news *n, struct err *err)
{
	struct err why = { 0 };
	struct kv_txn *t;
	enum found f;
	int rc = 0;

	if (mailbox_enter(v->m, &why) == -1) {
		if (err != NULL)
			*err = why;
		return why.class == ERR_PERM ? ABSENT : TEMPFAIL;
	}
	t = kv_read(v->m->a->env, err);
	if (t == NULL)
		return TEMPFAIL;
	f = ix_get_meta(t, &n->meta, err) == FOUND
		? ix_get_box(t, v->m->box, &n->box, err)
		: TEMPFAIL;
	if (f == FOUND && n->box.uidvalidity != v->uidvalidity)
		f = ABSENT;
	if (f == FOUND && v->modseq < n->meta.log_floor)
		rc = read_index(v, t, n, err);
	else if (f == FOUND && v->modseq < n->meta.modseq)
		rc = read_log(v, t, n, err);
	kv_abort(&t);
	return rc == 0 ? f : TEMPFAIL;
}

struct teller {
	struct view *v;
	void (*on_event)(void *arg, const struct view_event *e);
	void *arg;
};

static void
tell(const struct teller *t, struct view_event e)
{
	t->on_event(t->arg, &e);
}

/* Take what is gone out of the picture. */
static void
expunge(const struct teller *t)
{
	struct view *v = t->v;
	const size_t ngone = uid_count(&v->gone);
	size_t g = 0;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < v->n; i++) {
		const uint32_t uid = v->uids[i];

		if (g < ngone && uid_at(&v->gone, g) == uid) {
			tell(t, (struct view_event){ .kind = VIEW_EXPUNGE,
				    .seq = kept + 1,
				    .uid = uid });
			while (g < ngone && uid_at(&v->gone, g) == uid)
				g++;
		} else {
			v->uids[kept++] = uid;
		}
	}
	v->n = kept;
	buf_reset(&v->gone);
}

static void
tell_flags(const struct teller *t, const struct changed *c, size_t n)
{
	struct message_info info;

	for (size_t i = 0; i < n; i++) {
		const uint32_t seq = view_seq(t->v, c[i].uid);

		if (seq != 0 &&
		    message_find(t->v->m, c[i].uid, &info, NULL) == FOUND)
			tell(t, (struct view_event){ .kind = VIEW_FLAGS,
				    .seq = seq,
				    .uid = c[i].uid,
				    .own = c[i].own != 0,
				    .info = info });
	}
}

static void
tell_news(const struct teller *t, struct news *n, bool expunges)
{
	struct view *v = t->v;

	buf_add(&v->gone, buf_slice(&n->gone));
	sort_uids(&v->gone);
	sort_uids(&n->fresh);
	if (n->box.keywords != v->keywords) {
		v->keywords = n->box.keywords;
		tell(t, (struct view_event){ .kind = VIEW_KEYWORDS });
	}
	if (expunges && v->gone.n > 0)
		expunge(t);
	for (size_t i = 0; i < uid_count(&n->fresh); i++)
		add_uid(v, uid_at(&n->fresh, i));
	if (n->fresh.n > 0)
		tell(
		    t, (struct view_event){ .kind = VIEW_EXISTS, .seq = v->n });
	if (n->changed.n > 0)
		tell_flags(t, (const struct changed *)(void *)n->changed.p,
		    n->changed.n / sizeof(struct changed));
}

int
view_sync(struct view *v, bool expunges,
    void (*on_event)(void *arg, const struct view_event *e), void *arg,
    struct err *err)
{
	const struct teller t = { v, on_event, arg };
	struct news n = { 0 };
	enum found f;

	buf_init(&n.gone, LIST_LIMIT);
	buf_init(&n.fresh, LIST_LIMIT);
	buf_init(&n.changed, LIST_LIMIT);
	f = gather(v, &n, err);
	/* Claimed before they are told, so that \Recent can be said. */
	if (f == FOUND && n.fresh.n > 0 && !v->readonly &&
	    claim_recent(v, err) == -1)
		f = TEMPFAIL;
	if (f == FOUND) {
		if (v->readonly)
			look_at_recent(v, &n.box);
		v->modseq = n.meta.modseq;
		v->highest = n.box.modseq;
		v->silent.n = 0;
		tell_news(&t, &n, expunges);
	} else if (f == ABSENT) {
		tell(&t, (struct view_event){ .kind = VIEW_GONE });
	}
	buf_fini(&n.gone);
	buf_fini(&n.fresh);
	buf_fini(&n.changed);
	return f == TEMPFAIL ? -1 : 0;
}

int
view_flags(struct view *v, const uint32_t *uids, size_t n,
    const struct flags_change *change, bool silent, struct buf *failed,
    struct err *err)
{
	uint64_t from, to;

	if (message_flags(v->m, uids, n, change, failed, &from, &to, err) == -1)
		return -1;
	if (silent)
		add_range(&v->silent, from, to);
	return 0;
}

enum found
view_vanished(struct view *v, uint64_t modseq, struct buf *out, struct err *err)
{
	struct kv_cursor *c;
	char key[IX_KEY];
	struct ix_meta meta;
	struct slice k, val;
	struct kv_txn *t;
	struct ix_log l;
	uint64_t at;
	enum found f;

	if (mailbox_enter(v->m, err) == -1 ||
	    (t = kv_read(v->m->a->env, err)) == NULL)
		return TEMPFAIL;
	f = ix_get_meta(t, &meta, err) == FOUND ? FOUND : TEMPFAIL;
	if (f == FOUND && modseq < meta.log_floor)
		f = ABSENT;
	c = f == FOUND ? kv_cursor_open(t, err) : NULL;
	if (c != NULL) {
		f = kv_seek(c, ix_log_key(key, modseq + 1), &k, &val, err);
		while (f == FOUND && ix_key_log(k, &at) && at <= v->modseq &&
		       ix_read_log(val, &l)) {
			if (l.box == v->m->box && l.kind == LOG_GONE)
				buf_add(out, slice_of(&l.uid, sizeof l.uid));
			f = kv_next(c, &k, &val, err);
		}
		f = f == TEMPFAIL ? TEMPFAIL : FOUND;
	}
	kv_cursor_close(&c);
	kv_abort(&t);
	sort_uids(out);
	return f;
}
