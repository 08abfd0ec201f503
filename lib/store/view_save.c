/* SPDX-License-Identifier: ISC */
/* A picture as text, so that another process goes on with it. */
#include "store/view_save.h"

#include "base/cur.h"
#include "base/mem.h"
#include "store/view.h"
#include "store/view_inner.h"

bool
view_save(const struct view *v, struct buf *out)
{
	const struct picture *p = &v->picture;

	if (v->opening || v->stage != VIEW_QUIET || v->gone.n > 0)
		return false;
	buf_addf(out, "%u %u %llu %llu %llu %u %zu", v->uidvalidity, v->uidnext,
	    (unsigned long long)v->modseq, (unsigned long long)v->highest,
	    (unsigned long long)v->keywords, v->looked, v->recent.n);
	for (size_t i = 0; i < v->recent.n; i++)
		buf_addf(out, " %llu %llu",
		    (unsigned long long)v->recent.v[i].from,
		    (unsigned long long)v->recent.v[i].to);
	for (size_t i = 0; i < p->nruns; i++)
		buf_addf(out, " %u %u", p->v[i].uid, picture_length(p, i));
	return true;
}

static uint64_t
next(struct cur *c, uint64_t max)
{
	cur_lit(c, " ");
	return cur_u64(c, max);
}

static void
take_recent(struct view *v, struct cur *c)
{
	const uint64_t n = next(c, UINT32_MAX);
	uint64_t above = 0;

	for (uint64_t i = 0; i < n && cur_ok(c); i++) {
		const uint64_t from = next(c, UINT32_MAX);
		const uint64_t to = next(c, (uint64_t)UINT32_MAX + 1);

		if (from < above || to <= from)
			cur_fail(c);
		else
			view_ranges_add(&v->recent, from, to);
		above = to;
	}
}

static void
take_picture(struct picture *p, struct cur *c)
{
	uint64_t above = 0;

	while (cur_left(c) > 0) {
		const uint64_t uid = next(c, UINT32_MAX);
		const uint64_t n = next(c, UINT32_MAX);

		if (uid <= above || n == 0 || uid + n - 1 > UINT32_MAX)
			cur_fail(c);
		else
			picture_add_run(p, (uint32_t)uid, (uint32_t)n);
		above = uid + n - 1;
	}
}

struct view *
view_restore(struct mailbox *m, unsigned flags, struct slice saved)
{
	struct view *v = view_new(m, flags);
	struct cur c = cur_of(saved);

	v->opening = false;
	xfree(&v->used);
	v->uidvalidity = (uint32_t)cur_u64(&c, UINT32_MAX);
	v->uidnext = (uint32_t)next(&c, UINT32_MAX);
	v->modseq = next(&c, INT64_MAX);
	v->highest = next(&c, INT64_MAX);
	v->keywords = next(&c, UINT64_MAX);
	v->looked = (uint32_t)next(&c, UINT32_MAX);
	take_recent(v, &c);
	take_picture(&v->picture, &c);
	view_news_forget(v);
	if (!cur_end(&c))
		view_close(&v);
	return v;
}
