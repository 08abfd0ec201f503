/* SPDX-License-Identifier: ISC */
#include "text/textscan.h"

#include "base/arena.h"
#include "mime/charset.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/part.h"
#include "text/fieldtext.h"
#include "text/visible.h"

enum {
	PIECE = 32 << 10,
	HEADER_MAX = 256 << 10, /* of one part; the rest is not searched */
	WINDOW_MAX = 8 << 20,
	FIELDS_A_STEP = 64,
};

void
textscan_begin(struct textscan *s, struct block *block,
    const struct mime_part *root,
    void (*take)(struct textscan *s, enum textscan_where where, bool end))
{
	*s = (struct textscan){
		.take = take, .block = block, .root = root, .part = root
	};
	s->raw = mime_part_charset(root);
	buf_init(&s->decoded, WINDOW_MAX);
	buf_init(&s->utf8, WINDOW_MAX);
	buf_init(&s->window, WINDOW_MAX);
}

void
textscan_end(struct textscan *s)
{
	charset_close(&s->charset);
	visible_free(&s->visible);
	buf_fini(&s->decoded);
	buf_fini(&s->utf8);
	buf_fini(&s->window);
}

static int
read_header(struct textscan *s, struct err *err)
{
	const struct mime_span *h = &s->part->header;
	const size_t n = h->bytes < HEADER_MAX ? (size_t)h->bytes : HEADER_MAX;

	s->in_header = true;
	return block_get(s->block, h->off, n, &s->fields, err);
}

/* "Name: value" of each field, decoded; some of them.  False at the end. */
static bool
take_fields(struct textscan *s)
{
	struct header_field f;

	for (unsigned n = 0; n < FIELDS_A_STEP; n++) {
		buf_reset(&s->window);
		if (!header_next(&s->fields, &f))
			return false;
		buf_reset(&s->decoded);
		buf_add(&s->decoded, f.name);
		buf_adds(&s->decoded, ": ");
		fieldtext_put(&s->decoded, &f, s->raw);
		fold_text(buf_slice(&s->decoded), &s->window);
		s->take(s, s->part == s->root ? TEXTSCAN_HEADER : TEXTSCAN_BODY,
		    true);
	}
	return true;
}

static bool
is_text(const struct mime_part *p)
{
	return p->kind == MIME_LEAF && !p->opaque &&
	       (slice_iis(p->type, "text") || slice_iis(p->type, "message"));
}

static struct charset *
charset_of(const struct mime_part *p)
{
	struct charset *cs;
	struct arena a;

	arena_init(&a);
	cs = charset_open(param_value(&a, p->params, "charset"));
	arena_fini(&a);
	return cs != NULL ? cs : charset_guess();
}

static void
begin_body(struct textscan *s)
{
	const struct mime_part *p = s->part;

	s->in_header = false;
	s->in_body = true;
	s->pos = 0;
	s->fold = (struct fold){ 0 };
	buf_reset(&s->window);
	charset_close(&s->charset);
	visible_free(&s->visible);
	if (!is_text(p))
		return;
	transfer_init(&s->transfer, transfer_find(p->encoding));
	s->charset = charset_of(p);
	s->visible = visible_new(p);
}

/* The next part in the order of the file. */
static const struct mime_part *
part_after(const struct mime_part *p)
{
	if (p->child != NULL)
		return p->child;
	while (p != NULL && p->next == NULL)
		p = p->parent;
	return p != NULL ? p->next : NULL;
}

/* What came out of the transfer encoding. */
static void
put(struct textscan *s, struct slice bytes, bool last)
{
	struct slice text;

	buf_reset(&s->utf8);
	charset_feed(s->charset, bytes, &s->utf8);
	if (last)
		charset_finish(s->charset, &s->utf8);
	text = buf_slice(&s->utf8);
	if (s->visible != NULL)
		text = visible_feed(s->visible, text, last);
	fold_feed(&s->fold, text, &s->window);
	if (last)
		fold_finish(&s->fold, &s->window);
	s->take(s, TEXTSCAN_BODY, last);
}

static void
end_body(struct textscan *s)
{
	if (s->charset != NULL) {
		buf_reset(&s->decoded);
		transfer_finish(&s->transfer, &s->decoded);
		put(s, buf_slice(&s->decoded), true);
	}
	charset_close(&s->charset);
	visible_free(&s->visible);
	s->in_body = false;
	s->part = part_after(s->part);
}

static int
read_body(struct textscan *s, struct err *err)
{
	const struct mime_span *b = &s->part->body;
	const uint64_t rest = b->bytes - s->pos;
	const size_t n = rest < PIECE ? (size_t)rest : PIECE;
	struct slice piece;

	if (block_get(s->block, b->off + s->pos, n, &piece, err) == -1)
		return -1;
	s->pos += n;
	if (s->transfer.encoding == TRANSFER_BASE64 ||
	    s->transfer.encoding == TRANSFER_QUOTED_PRINTABLE) {
		buf_reset(&s->decoded);
		transfer_feed(&s->transfer, piece, &s->decoded);
		piece = buf_slice(&s->decoded);
	}
	put(s, piece, false);
	return 0;
}

int
textscan_step(struct textscan *s, struct err *err)
{
	int rc = 0;

	if (s->part != NULL && !s->in_body) {
		if (!s->in_header)
			rc = read_header(s, err);
		if (rc == 0 && !take_fields(s))
			begin_body(s);
	} else if (s->part != NULL && s->charset != NULL &&
		   s->pos < s->part->body.bytes) {
		rc = read_body(s, err);
	} else if (s->part != NULL) {
		end_body(s);
	}
	return rc;
}
