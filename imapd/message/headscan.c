/* SPDX-License-Identifier: ISC */
#include "imapd/message/headscan.h"

#include "base/needle.h"
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

static void
look(struct headscan *h, const struct header_field *f)
{
	bool folded = false;

	for (size_t i = 0; i < h->search->nheads; i++) {
		const struct search_key *k = h->search->heads[i];

		if (h->found[i] || !slice_ieq(f->name, k->name))
			continue;
		if (!folded) {
			buf_reset(&h->folded);
			put_folded(h, f);
			folded = true;
		}
		h->found[i] =
		    k->needle.n == 0 || needle_find(buf_slice(&h->folded),
					    k->needle, k->rare) < h->folded.n;
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
