/* SPDX-License-Identifier: ISC */
#include "mailread/seqwalk.h"

#include "base/arena.h"
#include "base/mem.h"
#include "maildir/keywords.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/view.h"

enum {
	RECORDS_MAX = 512 << 10, /* read at once */
	APART_MAX = 8, /* messages that nobody asks for, one behind the other */
};

/* Each range of UIDs becomes the range of sequence numbers it covers. */
static void
to_sequence(const struct view *v, struct seqset *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct seqrange r = set->v[i];
		const uint32_t lo = view_seq_from(v, r.lo);
		const uint32_t end = r.hi == UINT32_MAX
					 ? view_count(v) + 1
					 : view_seq_from(v, r.hi + 1);

		if (lo < end)
			set->v[n++] = (struct seqrange){ lo, end - 1 };
	}
	set->n = n;
}

bool
seqwalk_init(struct seqwalk *w, struct view *v, struct seqset set, bool uid)
{
	const uint32_t count = view_count(v);

	*w = (struct seqwalk){ .view = v, .set = set };
	if (!uid && !set.uids) {
		seqset_resolve(&w->set, count);
		return w->set.n > 0 && w->set.v[0].lo > 0 &&
		       seqset_last(&w->set) <= count;
	}
	if (count == 0)
		w->set.n = 0;
	else
		seqset_resolve(&w->set, view_uid(v, count));
	to_sequence(v, &w->set);
	return true;
}

void
seqwalk_narrow(
    struct seqwalk *w, const uint32_t *uids, size_t n, struct arena *a)
{
	struct seqset kept = { .v = arena_alloc(a, (n + 1) * sizeof *kept.v) };

	for (size_t i = 0; i < n; i++) {
		const uint32_t seq = view_seq(w->view, uids[i]);

		if (seq == 0 || !seqset_has(&w->set, seq))
			continue;
		if (kept.n > 0 && kept.v[kept.n - 1].hi + 1 == seq)
			kept.v[kept.n - 1].hi = seq;
		else
			kept.v[kept.n++] = (struct seqrange){ seq, seq };
	}
	w->set = kept;
}

void
seqwalk_narrow_to(
    struct seqwalk *w, const struct seqset *set, bool uid, struct arena *a)
{
	struct seqset b = seqset_copy(set, a);
	struct seqset both;
	size_t i = 0, j = 0;

	if (uid)
		to_sequence(w->view, &b);
	both.v = arena_alloc(a, (w->set.n + b.n + 1) * sizeof *both.v);
	both.n = 0;
	while (i < w->set.n && j < b.n) {
		const struct seqrange x = w->set.v[i], y = b.v[j];
		const uint32_t lo = x.lo > y.lo ? x.lo : y.lo;
		const uint32_t hi = x.hi < y.hi ? x.hi : y.hi;

		if (lo <= hi)
			both.v[both.n++] = (struct seqrange){ lo, hi };
		if (x.hi < y.hi)
			i++;
		else
			j++;
	}
	w->set = both;
}

uint64_t
seqwalk_count(const struct seqwalk *w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->set.n; i++)
		n += (uint64_t)w->set.v[i].hi - w->set.v[i].lo + 1;
	return n;
}

uint32_t
seqwalk_limit(struct seqwalk *w, uint32_t max)
{
	uint64_t over = seqwalk_count(w);
	size_t i = 0;

	if (max == 0 || over <= max)
		return 0;
	for (over -= max; over > 0; i++) {
		struct seqrange *r = &w->set.v[i];
		const uint64_t n = (uint64_t)r->hi - r->lo + 1;

		if (n > over) {
			r->lo += (uint32_t)over;
			break;
		}
		over -= n;
	}
	w->set.v += i;
	w->set.n -= i;
	return view_uid(w->view, w->set.v[0].lo);
}

void
seqwalk_all(struct seqwalk *w, struct view *v, struct arena *a)
{
	*w = (struct seqwalk){ .view = v };
	if (view_count(v) == 0)
		return;
	w->set.v = arena_alloc(a, sizeof *w->set.v);
	w->set.v[0] = (struct seqrange){ 1, view_count(v) };
	w->set.n = 1;
}

void
seqwalk_part(struct seqwalk *w, size_t from, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->set.n && n > 0; i++) {
		struct seqrange r = w->set.v[i];
		const size_t size = r.hi - r.lo + 1;

		if (from >= size) {
			from -= size;
			continue;
		}
		r.lo += (uint32_t)from;
		from = 0;
		if (r.hi - r.lo >= n)
			r.hi = r.lo + (uint32_t)n - 1;
		n -= r.hi - r.lo + 1;
		w->set.v[kept++] = r;
	}
	w->set.n = kept;
}

void
seqwalk_read_records(struct seqwalk *w)
{
	w->with_records = true;
	buf_init(&w->bytes, RECORDS_MAX);
}

void
seqwalk_fini(struct seqwalk *w)
{
	buf_fini(&w->bytes);
}

struct slice
seqwalk_record(const struct seqwalk *w)
{
	return w->with_records ? w->records[w->at] : (struct slice){ NULL, 0 };
}

/* So many messages from the one at hand on are worth to be read at once. */
static size_t
batch_size(const struct seqwalk *w)
{
	const uint32_t seq = w->next - 1;
	uint32_t n = 1;

	for (size_t i = w->range; i < w->set.n; i++) {
		const struct seqrange r = w->set.v[i];

		if (r.lo > seq && r.lo - seq > n + APART_MAX)
			break;
		if (r.hi - seq >= SEQWALK_BATCH)
			return SEQWALK_BATCH;
		n = r.hi - seq + 1;
	}
	return n;
}

static int
read_batch(struct seqwalk *w, struct mailbox *m, uint32_t uid, struct err *err)
{
	const size_t n = batch_size(w);

	if (w->with_records)
		return message_read_records(
		    m, uid, w->batch, w->records, n, &w->bytes, &w->n, err);
	return message_read(m, uid, w->batch, n, &w->n, err);
}

/* What the index has of UID; NULL when it is gone. */
static enum found
info_of(struct seqwalk *w, uint32_t uid, const struct message_info **info,
    struct err *err)
{
	struct mailbox *m = view_mailbox(w->view);

	while (w->at < w->n && w->batch[w->at].uid < uid)
		w->at++;
	/* Another session may have read another table since. */
	if (w->at == w->n || w->keywords != mailbox_keywords(m)->modseq) {
		w->at = 0;
		if (read_batch(w, m, uid, err) == -1) {
			w->n = 0;
			return TEMPFAIL;
		}
		w->keywords = mailbox_keywords(m)->modseq;
	}
	if (w->n == 0 || w->batch[w->at].uid != uid)
		return ABSENT;
	*info = &w->batch[w->at];
	return FOUND;
}

uint32_t
seqwalk_peek(struct seqwalk *w)
{
	for (; w->range < w->set.n; w->range++) {
		const struct seqrange *r = &w->set.v[w->range];

		if (w->next == 0)
			w->next = r->lo;
		if (w->next <= r->hi && w->next <= view_count(w->view))
			return w->next;
		w->next = 0;
	}
	return 0;
}

void
seqwalk_skip(struct seqwalk *w)
{
	w->next++;
}

enum found
seqwalk_next(struct seqwalk *w, uint32_t *seq, const struct message_info **info,
    struct err *err)
{
	while ((*seq = seqwalk_peek(w)) != 0) {
		enum found found;

		seqwalk_skip(w);
		found = info_of(w, view_uid(w->view, *seq), info, err);
		if (found == FOUND && (*info)->modseq <= w->since)
			continue;
		if (found != ABSENT)
			return found;
		w->missing = true;
	}
	return ABSENT;
}

uint32_t *
seqwalk_uids(const struct seqwalk *w, size_t *n)
{
	uint32_t *uids;

	uids = xcalloc(seqwalk_count(w) + 1, sizeof *uids);
	*n = 0;
	for (size_t i = 0; i < w->set.n; i++)
		for (uint32_t q = w->set.v[i].lo; q <= w->set.v[i].hi; q++)
			uids[(*n)++] = view_uid(w->view, q);
	return uids;
}
