/* SPDX-License-Identifier: ISC */
#include "imapd/selected/resync.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "imapd/parse/seqset_write.h"
#include "mailread/seqwalk.h"
#include "store/view.h"

void
resync_init(struct resync *r, struct seqwalk *w, uint64_t modseq)
{
	*r = (struct resync){ .same = 0 };
	view_since_init(&r->log, modseq);
	w->since = modseq;
	/* Shorter than looking at each of them. */
	r->read_log =
	    view_modseq_distance(w->view, modseq) < seqwalk_count(w) ||
	    view_modseq_distance(w->view, modseq) == UINT64_MAX;
}

void
resync_fini(struct resync *r)
{
	view_since_fini(&r->log);
}

void
resync_want_vanished(struct resync *r, const struct view *view,
    const struct seqset *known, struct arena *a)
{
	const uint32_t last = view_uidnext(view) - 1;
	struct seqrange *v =
	    arena_alloc(a, ((known != NULL ? known->n : 0) + 1) * sizeof *v);

	r->vanished = r->read_log = true;
	if (last == 0)
		return;
	r->known = (struct seqset){ .v = v, .n = 1 };
	v[0] = (struct seqrange){ 1, last };
	if (known != NULL) {
		memcpy(v, known->v, known->n * sizeof *v);
		r->known.n = known->n;
	}
	/* Messages that are gone count for "*": the last one may be. */
	seqset_resolve(&r->known, last);
	for (size_t i = r->known.n; i > 0 && v[i - 1].hi > last; i--) {
		v[i - 1].hi = last;
		if (v[i - 1].lo > last)
			r->known.n = i - 1;
	}
}

/* Of K+1 pairs from (SEQ, UID) on, the last that agrees with V; 0: none. */
static uint32_t
last_match(const struct view *v, uint32_t seq, uint32_t uid, uint32_t k)
{
	const uint32_t count = view_count(v);
	uint64_t lo = 0, hi;

	if (seq > count)
		return 0;
	hi = (k < count - seq ? k : count - seq) + 1;
	/* UIDs grow at least as fast as numbers. */
	while (hi - lo > 1) {
		const uint64_t mid = lo + (hi - lo) / 2;

		if (view_uid(v, (uint32_t)(seq + mid)) <= uid + mid)
			lo = mid;
		else
			hi = mid;
	}
	return view_uid(v, (uint32_t)(seq + lo)) == uid + lo
		   ? (uint32_t)(uid + lo)
		   : 0;
}

void
resync_match(struct resync *r, const struct view *v, const struct seqset *seqs,
    const struct seqset *uids)
{
	uint32_t a = 0, b = 0; /* of the ranges at i and j these are done */
	size_t i = 0, j = 0;

	/* The client has as many messages up to there as there are now, and
	 * no new one can have come amid them: so they are the same. */
	while (i < seqs->n && j < uids->n) {
		const struct seqrange s = seqs->v[i], u = uids->v[j];
		const uint32_t left_s = s.hi - s.lo - a;
		const uint32_t left_u = u.hi - u.lo - b;
		const uint32_t k = left_s < left_u ? left_s : left_u;
		const uint32_t same = last_match(v, s.lo + a, u.lo + b, k);

		if (same > r->same)
			r->same = same;
		a += k + 1;
		b += k + 1;
		if (k == left_s) {
			i++;
			a = 0;
		}
		if (k == left_u) {
			j++;
			b = 0;
		}
	}
}

/* ---- VANISHED ---- */

struct line {
	struct buf *out;
	struct seqset_writer writer;
	bool begun;
};

static void
put_gone(struct line *l, uint32_t lo, uint32_t hi)
{
	if (!l->begun)
		buf_adds(l->out, "* VANISHED (EARLIER) ");
	l->begun = true;
	seqset_put_range(&l->writer, lo, hi, l->out);
}

static void
end_line(struct line *l)
{
	if (!l->begun)
		return;
	seqset_finish(&l->writer, l->out);
	buf_adds(l->out, "\r\n");
}

/* What is not there of RANGE. */
static void
put_holes(struct line *l, const struct view *v, struct seqrange range)
{
	uint32_t seq = view_seq_from(v, range.lo);
	uint64_t uid = range.lo;

	for (; uid <= range.hi; seq++) {
		const uint64_t next =
		    seq <= view_count(v) ? view_uid(v, seq) : UINT64_MAX;

		if (next > uid)
			put_gone(l, (uint32_t)uid,
			    next > range.hi ? range.hi : (uint32_t)(next - 1));
		if (next >= range.hi)
			break;
		uid = next + 1;
	}
}

static void
put_vanished(const struct resync *r, const struct view *v, struct buf *out)
{
	const uint32_t *gone = (const uint32_t *)(const void *)r->log.gone.p;
	const size_t n = r->log.gone.n / sizeof *gone;
	struct line l = { .out = out };

	for (size_t i = 0; r->log.cut && i < r->known.n; i++) {
		struct seqrange range = r->known.v[i];

		if (range.lo <= r->same)
			range.lo = r->same + 1;
		if (range.lo <= range.hi)
			put_holes(&l, v, range);
	}
	for (size_t i = 0; !r->log.cut && i < n; i++)
		if (seqset_has(&r->known, gone[i]))
			put_gone(&l, gone[i], gone[i]);
	end_line(&l);
}

int
resync_step(struct resync *r, struct seqwalk *w, struct arena *a,
    struct buf *out, bool *more, struct err *err)
{
	const struct buf *changed = &r->log.changed;

	*more = false;
	if (!r->read_log)
		return 0;
	if (view_since_step(w->view, &r->log, more, err) == -1)
		return -1;
	if (*more)
		return 0;
	if (r->vanished)
		put_vanished(r, w->view, out);
	if (r->log.all && r->log.modseq == 0)
		w->since = 0;
	if (!r->log.all)
		seqwalk_narrow(w, (const uint32_t *)(const void *)changed->p,
		    changed->n / sizeof(uint32_t), a);
	return 0;
}
