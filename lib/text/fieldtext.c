/* SPDX-License-Identifier: ISC */
#include "text/fieldtext.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/part.h"
#include "mime/record.h"
#include "mime/word.h"

enum { NAME_MAX_BYTES = 64 };

/* "; name=value" of each. */
static void
put_params(struct buf *out, const struct param *params)
{
	for (const struct param *p = params; p != NULL; p = p->next) {
		const size_t n = slice_find(p->name, '*');
		char name[NAME_MAX_BYTES];

		if (!slice_copy(slice_sub(p->name, 0, n), name, sizeof name))
			continue;
		buf_adds(out, "; ");
		buf_adds(out, name);
		buf_addc(out, '=');
		(void)param_text(params, name, out);
	}
}

void
fieldtext_put(
    struct buf *out, const struct header_field *f, struct slice charset)
{
	const struct slice value = slice_trim(f->value);
	struct slice token;
	struct param *params = NULL;
	struct arena a;

	word_decode_in(out, value, charset);
	if (slice_find(value, '*') == value.n ||
	    !slice_istarts(f->name, SLICE("Content-")))
		return;
	arena_init(&a);
	if (param_disposition(&a, value, &token, &params))
		put_params(out, params);
	arena_fini(&a);
}

/* ISO 2022 in seven bits. */
static bool
is_shifted(struct slice s)
{
	return slice_find(s, '\x1b') < s.n || slice_find(s, '\x0e') < s.n;
}

/* The tree of the parts is read for what needs it alone. */
void
fieldtext_decode(struct buf *out, struct slice raw, struct slice record)
{
	struct mime_tree *tree = NULL;
	struct slice charset = { NULL, 0 };

	if (!utf8_valid(raw) || is_shifted(raw))
		tree = mime_record_tree(record);
	if (tree != NULL)
		charset = mime_part_charset(tree->root);
	word_decode_in(out, raw, charset);
	mime_tree_free(&tree);
}

bool
fieldtext_is_plain(struct slice raw)
{
	return utf8_ascii(raw) == raw.n && !is_shifted(raw) &&
	       slice_search(raw, SLICE("=?")) == raw.n;
}
