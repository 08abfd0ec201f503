/* SPDX-License-Identifier: ISC */
#include "imapd/message/fieldscan.h"

#include <string.h>

#include "base/needle.h"
#include "base/utf8.h"
#include "imapd/parse/searchkey.h"
#include "mime/fold.h"
#include "mime/part.h"
#include "mime/record.h"
#include "mime/word.h"

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

/* Decode what stands in the header.  Bytes that no charset is told of are of
 * the one that the message declares: the tree of its parts is read for them
 * alone. */
static void
decode(struct fieldscan *f)
{
	const struct slice raw = buf_slice(&f->raw);
	struct mime_tree *tree = NULL;
	struct slice charset = { NULL, 0 };

	if (!utf8_valid(raw) || slice_find(raw, '\x1b') < raw.n ||
	    slice_find(raw, '\x0e') < raw.n)
		tree = mime_record_tree(f->record);
	if (tree != NULL)
		charset = mime_part_charset(tree->root);
	word_decode_in(&f->text, raw, charset);
	mime_tree_free(&tree);
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
		decode(f);
		fold_text(buf_slice(&f->text), folded);
		f->is_folded[field] = true;
	}
	return needle_find(buf_slice(folded), k->needle, k->rare) < folded->n;
}
