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
#include "index/ix.h"
#include "index/tx.h"
#include "index/walk.h"
#include "maildir/keywords.h"
#include "maildir/tree.h"
#include "store/change.h"
#include "store/handle.h"
#include "store/inner.h"
#include "store/kwtable.h"
#include "store/mailbox.h"
#include "store/sync.h"
#include "sys/clock.h"
#include "sys/kv.h"

enum {
	LIST_LIMIT = 1 << 30,
	TELL = 500, /* FLAGS in a call of view_sync */
	CLEAN_MS = 3600 * 1000,
};

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
	uint64_t keywords; /* struct ix_box's */
	bool readonly;
	uint32_t looked;      /* readonly: UIDs below were looked at */
	struct buf gone;      /* uint32_t */
	struct buf changed;   /* struct changed: FLAGS to be told */
	size_t told;          /* of them */
	struct ranges recent; /* of UIDs */
	struct ranges silent; /* of mod-sequences, since the last sync */
};

/* What a sync found. */
struct news {
	struct buf gone;  /* UIDs, as uint32_t */
	struct buf fresh; /* UIDs behind the picture's last */
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
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (r->v[mid].to <= value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->n && value >= r->v[lo].from;
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

	if (sync_begin(v->m, TX_ROOM, &tx, &b, err) == -1)
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

/* USED gets the keywords that messages have. */
static int
read_all(
    struct view *v, struct kv_txn *t, struct keyword_set *used, struct err *err)
{
	struct keyword_set set;
	struct walk w;
	enum found f;

	*used = (struct keyword_set){ 0 };
	if (walk_open(&w, t, v->m->box, 0, false, err) == -1)
		return -1;
	while ((f = walk_next(&w, err)) == FOUND) {
		add_uid(v, w.uid);
		used->w[0] |= w.hot.letters;
		if ((w.hot.bits & HOT_MORE) == 0)
			continue;
		f = ix_get_keywords(t, v->m->box, w.uid, &w.hot, &set, err);
		if (f != FOUND)
			break;
		keyword_set_or(used, &set);
	}
	walk_close(&w);
	return f == TEMPFAIL ? -1 : 0;
}

/* Keywords that no message has any more make room for others. */
static int
free_keywords(struct view *v, struct err *err)
{
	struct mailbox *m = v->m;
	struct ix_box b;
	struct tx tx;

	if (sync_begin(m, TX_ROOM, &tx, &b, err) == -1)
		return -1;
	if (kwtable_free(&tx, &b, &m->dirs, m->keywords, err) == 0 &&
	    ix_put_box(tx.t, &b, err) == 0)
		return tx_commit(&tx, err);
	tx_abort(&tx);
	return -1;
}

static int
take_picture(struct view *v, bool *unused, struct err *err)
{
	struct keyword_set all, used;
	struct ix_meta meta;
	struct ix_box b;
	struct kv_txn *t;
	int rc = -1;

	if (handle_enter_mailbox(v->m, err) == -1 ||
	    (t = kv_read(v->m->a->ix.env, err)) == NULL)
		return -1;
	if (ix_get_meta(t, &meta, err) == FOUND &&
	    ix_get_box(t, v->m->box, &b, err) == FOUND &&
	    kwtable_load(v->m->keywords, t, &b, err) == 0)
		rc = read_all(v, t, &used, err);
	kv_abort(&t);
	if (rc == -1)
		return -1;
	keywords_all(v->m->keywords, &all);
	keyword_set_del(&all, &used);
	*unused = keyword_set_next(&all, 0) < KEYWORDS_MAX;
	v->modseq = meta.modseq;
	v->highest = b.modseq;
	v->uidvalidity = b.uidvalidity;
	v->keywords = b.keywords;
	if (v->readonly)
		look_at_recent(v, &b);
	return 0;
}

/* What lies in tmp/ ages by days. */
static void
clean_tmp(struct mailbox *m)
{
	const int64_t now_ms = clock_ms();

	if (m->cleaned_ms != 0 && now_ms - m->cleaned_ms < CLEAN_MS)
		return;
	m->cleaned_ms = now_ms;
	tree_clean_tmp(m->dirs.tmpfd);
}

struct view *
view_open(struct mailbox *m, unsigned flags, struct err *err)
{
	struct view *v = xcalloc(1, sizeof *v);
	bool unused = false;

	v->m = m;
	v->readonly = (flags & VIEW_READONLY) != 0;
	buf_init(&v->gone, LIST_LIMIT);
	buf_init(&v->changed, LIST_LIMIT);
	if (mailbox_sync(m, false, err) == -1)
		goto fail;
	clean_tmp(m);
	if ((v->readonly || claim_recent(v, err) == 0) &&
	    take_picture(v, &unused, err) == 0) {
		/* What cannot be freed now can be the next time. */
		if (unused && !v->readonly)
			(void)free_keywords(v, NULL);
		return v;
	}
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
	buf_fini(&v->changed);
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
note(struct news *n, struct view *v, const struct ix_log *l, uint64_t modseq)
{
	const struct changed c = { l->uid, in_ranges(&v->silent, modseq) };

	if (l->kind == LOG_GONE) {
		if (view_seq(v, l->uid) != 0)
			buf_add(&n->gone, slice_of(&l->uid, sizeof l->uid));
	} else if (l->kind == LOG_MSG && l->uid > last_uid(v)) {
		buf_add(&n->fresh, slice_of(&l->uid, sizeof l->uid));
	} else if (l->kind == LOG_MSG) {
		buf_add(&v->changed, slice_of(&c, sizeof c));
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
				buf_add(&v->changed, slice_of(&c, sizeof c));
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

	if (handle_enter_mailbox(v->m, &why) == -1) {
		if (err != NULL)
			*err = why;
		return why.class == ERR_PERM ? ABSENT : TEMPFAIL;
	}
	t = kv_read(v->m->a->ix.env, err);
	if (t == NULL)
		return TEMPFAIL;
	f = ix_get_meta(t, &n->meta, err) == FOUND
		? ix_get_box(t, v->m->box, &n->box, err)
		: TEMPFAIL;
	if (f == FOUND && n->box.uidvalidity != v->uidvalidity)
		f = ABSENT;
	/* Built anew, and not all of it yet: nothing is known to have changed.
	 */
	if (f == FOUND && (n->box.bits & BOX_BUILD) != 0) {
		kv_abort(&t);
		n->meta.modseq = v->modseq;
		n->box.modseq = v->highest;
		n->box.keywords = v->keywords;
		return FOUND;
	}
	if (f == FOUND && kwtable_load(v->m->keywords, t, &n->box, err) == -1)
		f = TEMPFAIL;
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

/* At most N of the changes that are left. */
static void
tell_flags(const struct teller *t, size_t n)
{
	struct view *v = t->v;
	const struct changed *c = (const struct changed *)(void *)v->changed.p;
	const size_t left = v->changed.n / sizeof *c - v->told;
	const size_t end = v->told + (left < n ? left : n);
	struct message_info info;

	for (; v->told < end; v->told++) {
		const struct changed *at = &c[v->told];
		const uint32_t seq = view_seq(v, at->uid);

		if (seq != 0 &&
		    message_find(v->m, at->uid, &info, NULL) == FOUND)
			tell(t, (struct view_event){ .kind = VIEW_FLAGS,
				    .seq = seq,
				    .uid = at->uid,
				    .own = at->own != 0,
				    .info = info });
	}
	if (end * sizeof *c < v->changed.n)
		return;
	buf_fini(&v->changed);
	v->told = 0;
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
}

static int
sync_picture(const struct teller *t, bool expunges, struct err *err)
{
	struct view *v = t->v;
	struct news n = { 0 };
	enum found f;

	buf_init(&n.gone, LIST_LIMIT);
	buf_init(&n.fresh, LIST_LIMIT);
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
		tell_news(t, &n, expunges);
	} else {
		buf_fini(&v->changed);
	}
	if (f == ABSENT)
		tell(t, (struct view_event){ .kind = VIEW_GONE });
	buf_fini(&n.gone);
	buf_fini(&n.fresh);
	return f == TEMPFAIL ? -1 : 0;
}

int
view_sync(struct view *v, bool expunges,
    void (*on_event)(void *arg, const struct view_event *e), void *arg,
    bool *more, struct err *err)
{
	const struct teller t = { v, on_event, arg };

	if (!view_untold(v) && sync_picture(&t, expunges, err) == -1)
		return -1;
	tell_flags(&t, more != NULL ? TELL : SIZE_MAX);
	if (more != NULL)
		*more = view_untold(v);
	return 0;
}

bool
view_untold(const struct view *v)
{
	return v->changed.n > 0;
}

void
view_tell_own(struct view *v)
{
	v->silent.n = 0;
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

	if (handle_enter_mailbox(v->m, err) == -1 ||
	    (t = kv_read(v->m->a->ix.env, err)) == NULL)
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
