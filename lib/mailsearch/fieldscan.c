/* SPDX-License-Identifier: ISC */
#include "mailsearch/fieldscan.h"

#include <string.h>

#include "base/needle.h"
#include "fulltext/near.h"
#include "mailsearch/known.h"
#include "mailsearch/search.h"
#include "mime/fold.h"
#include "text/fieldtext.h"

enum { FIELD_MAX = 16 << 20 };

void
fieldscan_init(struct fieldscan *f)
{
	buf_init(&f->raw, FIELD_MAX);
	buf_init(&f->text, FIELD_MAX);
	for (size_t i = 0; i < ENVFIELDS; i++)
		buf_init(&f->folded[i], FIELD_MAX);
}

void
fieldscan_fini(struct fieldscan *f)
{
	buf_fini(&f->raw);
	buf_fini(&f->text);
	for (size_t i = 0; i < ENVFIELDS; i++)
		buf_fini(&f->folded[i]);
}

void
fieldscan_begin(struct fieldscan *f, struct slice envelope, struct slice record)
{
	envfield_begin(&f->envelope, envelope);
	f->record = record;
	memset(f->is_folded, 0, sizeof f->is_folded);
}

struct slice
fieldscan_date(struct fieldscan *f)
{
	buf_reset(&f->raw);
	envfield_text(
	    envfield_get(&f->envelope, ENVFIELD_DATE), false, &f->raw);
	return buf_slice(&f->raw);
}

static void
fold(struct fieldscan *f, enum envfield field)
{
	struct buf *folded = &f->folded[field];

	if (f->is_folded[field])
		return;
	buf_reset(&f->raw);
	buf_reset(&f->text);
	buf_reset(folded);
	envfield_text(
	    envfield_get(&f->envelope, field), field >= ENVFIELD_FROM, &f->raw);
	fieldtext_decode(&f->text, buf_slice(&f->raw), f->record);
	fold_text(buf_slice(&f->text), folded);
	f->is_folded[field] = true;
}

bool
fieldscan_holds(struct fieldscan *f, const struct search_key *k)
{
	const enum envfield field = (enum envfield)k->slot;
	const struct slice rendered = envfield_get(&f->envelope, field);
	const struct buf *folded = &f->folded[field];

	if (rendered.n == 0 || k->needle.n == 0)
		return rendered.n > 0;
	if (!f->is_folded[field] && !k->fuzzy &&
	    envfield_lacks(
		rendered, field >= ENVFIELD_FROM, k->needle, k->rare))
		return false;
	fold(f, field);
	return needle_find(buf_slice(folded), k->needle, k->rare) < folded->n ||
	       (k->fuzzy && near_text(k->needle, buf_slice(folded)) > 0);
}

unsigned
fieldscan_relevancy(struct fieldscan *f, const struct search_key *k)
{
	const struct buf *folded = &f->folded[k->slot];
	unsigned near;

	if (!fieldscan_holds(f, k))
		return 0;
	near = near_text(k->needle, buf_slice(folded));
	return near > 0 ? near : RELEVANCY_WITHIN;
}
