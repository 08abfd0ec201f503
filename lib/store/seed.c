/* SPDX-License-Identifier: ISC */
#include "store/seed.h"

#include "base/mem.h"
#include "index/record.h"
#include "maildir/keyword_set.h"
#include "store/inner.h"
#include "store/picture.h"

/* A mailbox with more gaps than that is looked at each time. */
enum { RUNS_MAX = 4096 };

struct seed {
	uint64_t modseq;
	uint32_t box;
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
seed_save(struct mailbox *m, const struct ix_box *b, const struct picture *p,
    const struct keyword_set *used)
{
	seed_free(m);
	if (p->nruns > RUNS_MAX)
		return;
	m->seed = xcalloc(1, sizeof *m->seed);
	m->seed->modseq = b->modseq;
	m->seed->box = b->box;
	m->seed->uidvalidity = b->uidvalidity;
	m->seed->used = *used;
	picture_copy(&m->seed->picture, p);
}

bool
seed_take(const struct mailbox *m, const struct ix_box *b, struct picture *p,
    struct keyword_set *used)
{
	const struct seed *s = m->seed;

	if (s == NULL || s->modseq != b->modseq || s->box != b->box ||
	    s->uidvalidity != b->uidvalidity)
		return false;
	picture_copy(p, &s->picture);
	*used = s->used;
	return true;
}
