/* SPDX-License-Identifier: ISC */
#include "imapd/message/fieldscan.h"

#include <string.h>

#include "base/needle.h"
#include "imapd/parse/searchkey.h"
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

bool
fieldscan_holds(struct fieldscan *f, const struct search_key *k)
{
	const enum envfield field = (enum envfield)k->slot;
	const bool addresses = field >= ENVFIELD_FROM;
	const struct slice rendered = envfield_get(&f->envelope, field);
	struct buf *folded = &f->folded[field];

	if (rendered.n == 0 || k->needle.n == 0)
		return rendered.n > 0;
	if (!f->is_folded[field]) {
		if (envfield_lacks(rendered, addresses, k->needle, k->rare))
			return false;
		buf_reset(&f->raw);
		buf_reset(&f->text);
		buf_reset(folded);
		envfield_text(rendered, addresses, &f->raw);
		fieldtext_decode(&f->text, buf_slice(&f->raw), f->record);
		fold_text(buf_slice(&f->text), folded);
		f->is_folded[field] = true;
	}
	return needle_find(buf_slice(folded), k->needle, k->rare) < folded->n;
}
