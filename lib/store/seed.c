/* SPDX-License-Identifier: ISC */
#include "store/seed.h"

#include "base/mem.h"
#include "index/record.h"
#include "maildir/keyword_set.h"
#include "store/inner.h"
#include "store/picture.h"
#include "store/view_inner.h"

enum {
	RUNS_MAX = 4096, /* a mailbox with more gaps is looked at each time */
	LOG_PART = 4,    /* as is one of which this part has changed */
};

struct seed {
	uint64_t builds;  /* of the account */
	uint64_t modseq;  /* how far the log was read */
	uint64_t highest; /* of the mailbox, as of then */
	uint32_t uidvalidity;
	struct picture picture;
	struct keyword_set used;
};

void
seed_free(struct mailbox *m)
{
	if (m->seed == NULL)
		return;
	picture_fini(&m->seed->picture);
	xfree(&m->seed);
}

void
seed_save(const struct view *v)
{
	struct mailbox *m = v->m;

	seed_free(m);
	if (v->picture.nruns > RUNS_MAX)
		return;
	m->seed = xcalloc(1, sizeof *m->seed);
	m->seed->builds = m->a->builds;
	m->seed->modseq = v->modseq;
	m->seed->highest = v->highest;
	m->seed->uidvalidity = v->uidvalidity;
	m->seed->used = *v->used;
	picture_copy(&m->seed->picture, &v->picture);
}

void
seed_take(struct view *v, const struct ix_meta *meta, const struct ix_box *b)
{
	const struct seed *s = v->m->seed;
	uint64_t modseq;

	/* The log says who has other keywords now, and not which are missing.
	 */
	if (s == NULL || s->builds != v->m->a->builds ||
	    s->uidvalidity != b->uidvalidity || b->keyword_lost > s->modseq)
		return;
	/* Nothing has changed here, whatever the log has lost. */
	modseq = s->highest == b->modseq ? meta->modseq : s->modseq;
	if (meta->modseq - modseq > b->messages / LOG_PART)
		return;
	picture_copy(&v->picture, &s->picture);
	*v->used = s->used;
	v->news.modseq = v->used_modseq = modseq;
}
