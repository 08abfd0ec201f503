/* SPDX-License-Identifier: ISC */
#include "ctl/move/have.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "maildir/filename.h"
#include "store/visit.h"

static bool
add(void *arg, struct visit *v)
{
	struct move_have *h = arg;

	if ((h->n & (h->n - 1)) == 0)
		h->v =
		    xreallocarray(h->v, h->n == 0 ? 1 : 2 * h->n, sizeof *h->v);
	h->v[h->n++] = (struct move_have_row){ v->info.email_id, v->info.uid };
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct move_have_row *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

int
move_have_load(struct move_have *h, struct mailbox *m, struct err *err)
{
	int rc;

	*h = (struct move_have){ .n = 0 };
	rc = visit_messages(m, 1, VISIT_SIZES, add, h, err);
	if (h->n > 1)
		qsort(h->v, h->n, sizeof *h->v, compare);
	return rc;
}

void
move_have_fini(struct move_have *h)
{
	xfree(&h->v);
	h->n = 0;
}

uint32_t
move_have_find(const struct move_have *h, uint64_t id)
{
	const struct move_have_row key = { .id = id };
	const struct move_have_row *row =
	    h->n > 0 ? bsearch(&key, h->v, h->n, sizeof *h->v, compare) : NULL;

	return row != NULL ? row->uid : 0;
}

void
move_have_base(
    struct buf *out, uint64_t place, uint32_t uidvalidity, uint32_t uid)
{
	buf_addf(out, "%u.I%016llxU%u.import", uidvalidity,
	    (unsigned long long)place, uid);
}

uint64_t
move_have_id(uint64_t place, uint32_t uidvalidity, uint32_t uid)
{
	struct buf base = { .max = 128 };
	uint64_t id;

	move_have_base(&base, place, uidvalidity, uid);
	id = filename_email_id(buf_slice(&base));
	buf_fini(&base);
	return id;
}
