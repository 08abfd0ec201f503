/* SPDX-License-Identifier: ISC */
#include "imapd/message/headscan.h"

#include "base/needle.h"
#include "mime/fold.h"
#include "mime/header.h"
#include "mime/word.h"

enum {
	FIELDS_A_STEP = 64,
	FOLDED_MAX = 8 << 20,
};

void
headscan_begin(
    struct headscan *h, const struct search *search, struct slice header)
{
	*h = (struct headscan){ .search = search, .rest = header };
	buf_init(&h->folded, FOLDED_MAX);
}

void
headscan_end(struct headscan *h)
{
	buf_fini(&h->folded);
}

/* Header text as it stands, decoded and folded. */
static void
put_folded(struct buf *out, struct slice value)
{
	struct buf text;

	buf_init(&text, 8 * value.n + 64);
	word_decode(&text, value);
	fold_text(buf_slice(&text), out);
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
			put_folded(&h->folded, f->value);
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
