/* SPDX-License-Identifier: ISC */
#include "mailsearch/headscan.h"

#include "base/needle.h"
#include "fulltext/near.h"
#include "mime/fold.h"
#include "mime/header.h"
#include "text/fieldtext.h"

enum {
	FIELDS_A_STEP = 64,
	FOLDED_MAX = 8 << 20,
};

void
headscan_begin(struct headscan *h, const struct search *search,
    struct slice header, struct slice charset)
{
	*h = (struct headscan){
		.search = search, .rest = header, .charset = charset
	};
	buf_init(&h->folded, FOLDED_MAX);
}

void
headscan_end(struct headscan *h)
{
	buf_fini(&h->folded);
}

static void
put_folded(struct headscan *h, const struct header_field *f)
{
	struct buf text;

	buf_init(&text, 16 * f->value.n + 64);
	fieldtext_put(&text, f, h->charset);
	fold_text(buf_slice(&text), &h->folded);
	buf_fini(&text);
}

/* In what is folded; again for each field of a name, as the best one counts. */
static void
look_near(struct headscan *h, size_t i)
{
	const unsigned near =
	    near_text(h->search->heads[i]->needle, buf_slice(&h->folded));

	if (near > h->near[i])
		h->near[i] = (uint8_t)near;
	h->found[i] |= near > 0;
}

static void
look(struct headscan *h, const struct header_field *f)
{
	bool folded = false;

	for (size_t i = 0; i < h->search->nheads; i++) {
		const struct search_key *k = h->search->heads[i];

		if ((h->found[i] && !k->fuzzy) || !slice_ieq(f->name, k->name))
			continue;
		if (!folded) {
			buf_reset(&h->folded);
			put_folded(h, f);
			folded = true;
		}
		h->found[i] |=
		    k->needle.n == 0 || needle_find(buf_slice(&h->folded),
					    k->needle, k->rare) < h->folded.n;
		if (k->fuzzy)
			look_near(h, i);
	}
}

bool
headscan_step(struct headscan *h)
{
	struct header_field f;

	for (unsigned n = 0; n < FIELDS_A_STEP; n++) {
		if (!header_next(&h->rest, &f))
			return false;
		look(h, &f);
	}
	return true;
}
