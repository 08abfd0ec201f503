/* SPDX-License-Identifier: ISC */
#include "jmapd/mail/emails.h"

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/map.h"
#include "base/mem.h"
#include "jmapd/wire/account.h"
#include "maildir/filename.h"
#include "maildir/special.h"
#include "mailread/mailread.h"
#include "mailread/threadid.h"
#include "mime/record.h"
#include "store/account.h"
#include "store/mailbox.h"
#include "store/states.h"
#include "store/visit.h"

enum {
	STEP = 2000, /* messages looked at in a call */
	FILES = 20,  /* of them, whose files are opened */
};

static struct {
	struct mail_box *boxes;
	size_t n, cap;
	bool listed;  /* boxes are as of now: the messages are next */
	size_t at;    /* whose */
	bool synced;  /* and its directories were looked at */
	bool changed; /* something came or went in this refresh */
	uint64_t modseq, state, box_state;
	bool threads_counted;
	/* pointers to all messages, by id and by thread */
	const struct mail_email **by_id, **by_thread;
	size_t all;
	/* the messages of the box that is being read */
	struct mail_email *v;
	size_t nv, capv, unthreaded;
	uint64_t read_modseq;
	bool reading;
} e;

/* What changed is in no order yet, and what is ordered may be gone. */
bool
mail_emails_refreshing(void)
{
	return e.listed || e.changed;
}

uint64_t
mail_emails_state(void)
{
	return e.state;
}

uint64_t
mail_emails_box_state(void)
{
	return e.box_state;
}

size_t
mail_emails_boxes(void)
{
	return e.n;
}

const struct mail_box *
mail_emails_box(size_t i)
{
	return &e.boxes[i];
}

static void
box_fini(struct mail_box *b)
{
	mailbox_close(&b->mailbox);
	free(b->name);
	free(b->v);
}

void
mail_emails_drop(void)
{
	for (size_t i = 0; i < e.n; i++)
		box_fini(&e.boxes[i]);
	free(e.boxes);
	free(e.by_id);
	free(e.by_thread);
	free(e.v);
	memset(&e, 0, sizeof e);
	e.changed = true; /* for who was ready */
}

uint32_t
mail_emails_find_box(struct slice id)
{
	for (size_t i = 0; i < e.n; i++)
		if (slice_is(id, e.boxes[i].id))
			return (uint32_t)i;
	return MAIL_NO_BOX;
}

/* ---- which mailboxes there are ---- */

struct box_listing {
	uint32_t n;
};

static struct mail_box *
box_add(void)
{
	if (e.n == e.cap) {
		e.cap = e.cap > 0 ? 2 * e.cap : 16;
		e.boxes = xreallocarray(e.boxes, e.cap, sizeof *e.boxes);
	}
	e.boxes[e.n] = (struct mail_box){ .parent = MAIL_NO_BOX };
	return &e.boxes[e.n++];
}

/* One that only has children is none of JMAP's. */
static bool
collect(void *arg, const struct mailbox_info *info)
{
	struct box_listing *l = arg;
	struct mail_box *b;

	if (!info->exists)
		return true;
	b = box_add();
	b->name = xslicedup(info->name);
	b->special = info->special;
	b->subscribed = info->subscribed;
	b->order = l->n++;
	return true;
}

/* Open it, which makes a default mailbox that is only shown, and so has no id
 * yet. */
static int
open_box(struct account *a, struct mail_box *b, struct err *err)
{
	struct mailbox_status st;

	if (mailbox_open(a, slice_str(b->name), &b->mailbox, err) != FOUND)
		return -1;
	if (mailbox_status(b->mailbox, &st, err) == -1)
		return -1;
	strlcpy(b->id, st.id, sizeof b->id);
	return 0;
}

/* What was read of it before, where it is the same one.  Messages know their
 * mailbox by its number. */
static void
take_known(struct mail_box *b, struct mail_box *old, size_t n)
{
	const uint32_t at = (uint32_t)(b - e.boxes);

	for (size_t i = 0; i < n; i++) {
		if (!old[i].known || strcmp(old[i].id, b->id) != 0)
			continue;
		b->v = old[i].v;
		b->n = old[i].n;
		b->unread = old[i].unread;
		b->threads = old[i].threads;
		b->unread_threads = old[i].unread_threads;
		b->modseq = old[i].modseq;
		b->known = true;
		for (size_t k = 0; k < b->n && i != at; k++)
			b->v[k].box = at;
		e.changed |= i != at;
		old[i].v = NULL;
		old[i].known = false;
		return;
	}
}

static void
find_parents(void)
{
	for (size_t i = 0; i < e.n; i++) {
		struct mail_box *b = &e.boxes[i];
		size_t best = 0;

		for (size_t k = 0; k < e.n; k++) {
			const size_t len = strlen(e.boxes[k].name);

			if (k != i && len > best &&
			    name_below(slice_str(b->name),
				slice_str(e.boxes[k].name))) {
				best = len;
				b->parent = (uint32_t)k;
				b->leaf = (uint32_t)len + 1;
			}
		}
	}
}

/* Names, ids, roles and subscriptions, as a number. */
static uint64_t
digest_boxes(void)
{
	struct buf text = { .max = 16 << 20 };
	uint64_t digest;

	for (size_t i = 0; i < e.n; i++)
		buf_addf(&text, "%s %s %u %d\n", e.boxes[i].id, e.boxes[i].name,
		    e.boxes[i].special, e.boxes[i].subscribed);
	digest = map_hash_fixed(buf_slice(&text));
	buf_fini(&text);
	return digest;
}

/* What it leads to may be gone: there is nothing until it is made anew. */
static void
forget_order(void)
{
	e.all = 0;
	e.changed = true;
}

static int
list_boxes(struct account *a, struct err *err)
{
	struct mail_box *old = e.boxes;
	const size_t nold = e.n;
	struct box_listing l = { 0 };
	int rc;

	e.boxes = NULL;
	e.n = e.cap = 0;
	rc = mailbox_list(a, false, collect, &l, err);
	for (size_t i = 0; i < e.n && rc == 0; i++) {
		struct mail_box *b = &e.boxes[i];

		rc = open_box(a, b, err);
		if (rc == 0)
			take_known(b, old, nold);
	}
	for (size_t i = 0; i < nold; i++) {
		e.changed |= old[i].known;
		box_fini(&old[i]);
	}
	free(old);
	find_parents();
	e.box_state = digest_boxes();
	if (rc == -1)
		forget_order();
	return rc;
}

/* ---- the messages of one ---- */

struct box_reading {
	uint32_t box, last;
	size_t left;
	bool more;
};

static void
email_add(const struct mail_email *m)
{
	if (e.nv == e.capv) {
		e.capv = e.capv > 0 ? 2 * e.capv : 256;
		e.v = xreallocarray(e.v, e.capv, sizeof *e.v);
	}
	e.v[e.nv++] = *m;
}

static bool
read_one(void *arg, struct visit *v)
{
	struct box_reading *r = arg;
	const struct message_info *info = &v->info;
	struct mail_email m = { .id = info->email_id,
		.thread = info->thread_id,
		.date_s = info->date_s,
		.size = info->vsize,
		.box = r->box,
		.uid = info->uid,
		.flags = info->flags & MSG_FLAGS };
	struct slice record, fields;

	if (r->left-- == 0) {
		r->more = true;
		return false;
	}
	if (m.thread == 0 && visit_cached(v, &record, NULL) == FOUND &&
	    mime_record_header(record, &fields))
		(void)threadid_of_kept(fields, m.id, &m.thread);
	email_add(&m);
	r->last = info->uid;
	return true;
}

/* What its header says, for those of which nothing is kept. */
static int
find_threads(struct mail_box *b, bool *more, struct err *err)
{
	unsigned left = FILES;

	for (; e.unthreaded < e.nv; e.unthreaded++) {
		struct mail_email *m = &e.v[e.unthreaded];
		struct message_info info;
		struct mailread read;
		enum found f;

		if (m->thread != 0)
			continue;
		if (left-- == 0) {
			*more = true;
			return 0;
		}
		f = message_find(b->mailbox, m->uid, &info, err);
		if (f == FOUND) {
			mailread_init(&read, b->mailbox, &info);
			f = mailread_thread(&read, err);
			m->thread = read.info.thread_id;
			mailread_close(&read);
		}
		if (f == TEMPFAIL)
			return -1;
		if (m->thread == 0) /* gone */
			m->thread = m->id;
	}
	return 0;
}

static void
reading_done(struct mail_box *b)
{
	free(b->v);
	b->v = e.v;
	b->n = e.nv;
	b->modseq = e.read_modseq;
	b->known = true;
	b->unread = 0;
	for (size_t i = 0; i < b->n; i++)
		b->unread += (b->v[i].flags & (MSG_SEEN | MSG_DRAFT)) == 0;
	e.v = NULL;
	e.nv = e.capv = 0;
	e.reading = false;
	e.changed = true;
}

static int
read_messages(struct mail_box *b, bool *more, struct err *err)
{
	struct box_reading r = { .box = (uint32_t)(b - e.boxes),
		.last = e.nv > 0 ? e.v[e.nv - 1].uid : 0,
		.left = STEP };

	if (visit_messages(
		b->mailbox, r.last + 1, VISIT_SIZES, read_one, &r, err) == -1)
		return -1;
	*more = r.more;
	if (*more)
		return 0;
	if (find_threads(b, more, err) == -1)
		return -1;
	if (!*more)
		reading_done(b);
	return 0;
}

/* Others' changes of its files come first. */
static int
look(struct mail_box *b, bool *more, struct err *err)
{
	struct mailbox_status st;

	if (!e.synced) {
		if (mailbox_sync_some(b->mailbox, false, more, err) == -1)
			return -1;
		e.synced = !*more;
		if (*more)
			return 0;
	}
	if (!e.reading) {
		if (mailbox_status(b->mailbox, &st, err) == -1)
			return -1;
		if (b->known && b->modseq == st.highestmodseq)
			return 0;
		e.read_modseq = st.highestmodseq;
		e.unthreaded = 0;
		e.reading = true;
	}
	return read_messages(b, more, err);
}

/* ---- all of them ---- */

static int
by_id(const void *pa, const void *pb)
{
	const struct mail_email *a = *(const struct mail_email *const *)pa;
	const struct mail_email *b = *(const struct mail_email *const *)pb;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return a->box < b->box ? -1 : a->box > b->box;
}

static int
by_thread(const void *pa, const void *pb)
{
	const struct mail_email *a = *(const struct mail_email *const *)pa;
	const struct mail_email *b = *(const struct mail_email *const *)pb;

	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	if (a->date_s != b->date_s)
		return a->date_s < b->date_s ? -1 : 1;
	return by_id(pa, pb);
}

static void
sort_all(void)
{
	size_t at = 0;

	e.all = 0;
	for (size_t i = 0; i < e.n; i++)
		e.all += e.boxes[i].n;
	e.by_id = xreallocarray(e.by_id, e.all + 1, sizeof *e.by_id);
	e.by_thread =
	    xreallocarray(e.by_thread, e.all + 1, sizeof *e.by_thread);
	for (size_t i = 0; i < e.n; i++)
		for (size_t k = 0; k < e.boxes[i].n; k++)
			e.by_id[at++] = &e.boxes[i].v[k];
	memcpy(e.by_thread, e.by_id, e.all * sizeof *e.by_id);
	qsort(e.by_id, e.all, sizeof *e.by_id, by_id);
	qsort(e.by_thread, e.all, sizeof *e.by_thread, by_thread);
	e.threads_counted = false;
}

static void
done(void)
{
	if (e.changed)
		sort_all();
	e.changed = false;
	e.state = e.modseq;
	e.listed = false;
	e.at = 0;
}

int
mail_emails_refresh(bool *more, struct err *err)
{
	struct account *a = jmapd_account();

	*more = true;
	if (!e.listed) {
		uint64_t now = 0;

		if (account_modseq(a, &e.modseq, err) == -1 ||
		    list_boxes(a, err) == -1 ||
		    account_modseq(a, &now, err) == -1)
			return -1;
		/* A default mailbox was made: once more, as of then. */
		if (now != e.modseq)
			return 0;
		e.listed = true;
		e.at = 0;
		e.synced = false;
		return 0;
	}
	if (e.at < e.n) {
		bool rest = false;

		if (look(&e.boxes[e.at], &rest, err) == -1) {
			e.listed = e.reading = false;
			e.nv = 0;
			forget_order();
			return -1;
		}
		if (!rest) {
			e.at++;
			e.synced = false;
		}
		return 0;
	}
	done();
	*more = false;
	return 0;
}

/* The first of V whose key is at least KEY. */
static size_t
lower(const struct mail_email *const *v, uint64_t key, bool thread)
{
	size_t from = 0, to = e.all;

	while (from < to) {
		const size_t mid = from + (to - from) / 2;
		const uint64_t at = thread ? v[mid]->thread : v[mid]->id;

		if (at < key)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

const struct mail_email *const *
mail_emails_find(uint64_t id, size_t *n)
{
	const size_t at = lower(e.by_id, id, false);

	for (*n = 0; at + *n < e.all && e.by_id[at + *n]->id == id;)
		++*n;
	return *n > 0 ? e.by_id + at : NULL;
}

const struct mail_email *const *
mail_emails_next(size_t *at, size_t *n)
{
	const struct mail_email *const *v = e.by_id + *at;

	for (*n = 0; *at + *n < e.all && v[*n]->id == v[0]->id;)
		++*n;
	*at += *n;
	return *n > 0 ? v : NULL;
}

const struct mail_email *const *
mail_emails_of_thread(uint64_t thread, size_t *n)
{
	const size_t at = lower(e.by_thread, thread, true);

	for (*n = 0; at + *n < e.all && e.by_thread[at + *n]->thread == thread;)
		++*n;
	return *n > 0 ? e.by_thread + at : NULL;
}

/* ---- threads of mailboxes (RFC 8621 2: totalThreads, unreadThreads) ---- */

static bool
is_trash(const struct mail_email *m)
{
	return (e.boxes[m->box].special & MAILBOX_TRASH) != 0;
}

/* The thread V[0..N): it is in each of its mailboxes once, and unread there if
 * any of it is; what is in the trash is not looked at elsewhere, nor the other
 * way about. */
static void
count_thread(const struct mail_email *const *v, size_t n)
{
	bool unread[2] = { false, false };

	for (size_t i = 0; i < n; i++)
		if ((v[i]->flags & (MSG_SEEN | MSG_DRAFT)) == 0)
			unread[is_trash(v[i])] = true;
	for (size_t i = 0; i < n; i++) {
		struct mail_box *b = &e.boxes[v[i]->box];

		if (b->seen)
			continue;
		b->seen = true;
		b->threads++;
		b->unread_threads += unread[is_trash(v[i])];
	}
	for (size_t i = 0; i < n; i++)
		e.boxes[v[i]->box].seen = false;
}

void
mail_emails_count_threads(void)
{
	size_t from = 0;

	if (e.threads_counted)
		return;
	for (size_t i = 0; i < e.n; i++)
		e.boxes[i].threads = e.boxes[i].unread_threads = 0;
	while (from < e.all) {
		size_t n = 1;

		while (from + n < e.all && e.by_thread[from + n]->thread ==
					       e.by_thread[from]->thread)
			n++;
		count_thread(e.by_thread + from, n);
		from += n;
	}
	e.threads_counted = true;
}
