/* SPDX-License-Identifier: ISC */
#include "imapd/message/bodyscan.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "imapd/message/headscan.h"
#include "mime/charset.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/part.h"
#include "mime/word.h"
#include "sys/fd.h"

enum {
	PIECE = 32 << 10,
	HEADER_MAX = 256 << 10, /* of one part; the rest is not searched */
	WINDOW_MAX = 8 << 20,
	FIELDS_A_STEP = 64,
};

void
bodyscan_begin(struct bodyscan *s, const struct search *search, int fd,
    const struct mime_part *root)
{
	*s = (struct bodyscan){
		.search = search, .fd = fd, .root = root, .part = root
	};
	buf_init(&s->decoded, WINDOW_MAX);
	buf_init(&s->window, WINDOW_MAX);
}

void
bodyscan_end(struct bodyscan *s)
{
	charset_close(&s->charset);
	xfree(&s->header);
	buf_fini(&s->decoded);
	buf_fini(&s->window);
}

/* Look through the window; keep as much of its end as a string may begin in. */
static void
look(struct bodyscan *s, bool top_header)
{
	const struct slice text = buf_slice(&s->window);
	size_t keep = 0;

	for (size_t i = 0; i < s->search->nstrings; i++) {
		const struct search_key *k = s->search->strings[i];

		if (s->found[i] || (top_header && k->op == SEARCH_BODY))
			continue;
		if (k->needle.n - 1 > keep)
			keep = k->needle.n - 1;
		if (!headscan_holds(text, k->needle))
			continue;
		s->found[i] = true;
		s->nfound++;
	}
	if (s->window.n > keep)
		buf_consume(&s->window, s->window.n - keep);
}

static int
read_header(struct bodyscan *s, struct err *err)
{
	const struct mime_span *h = &s->part->header;
	const size_t n = h->bytes < HEADER_MAX ? (size_t)h->bytes : HEADER_MAX;

	s->header = xmalloc(n + 1);
	s->fields = slice_of(s->header, n);
	return fd_pread_all(s->fd, s->header, n, (int64_t)h->off, err);
}

/* "Name: value" of each field, decoded; some of them.  False at the end. */
static bool
look_fields(struct bodyscan *s)
{
	struct header_field f;

	for (unsigned n = 0; n < FIELDS_A_STEP; n++) {
		buf_reset(&s->window);
		if (!header_next(&s->fields, &f))
			return false;
		buf_reset(&s->decoded);
		buf_add(&s->decoded, f.name);
		buf_adds(&s->decoded, ": ");
		word_decode(&s->decoded, slice_trim(f.value));
		fold_text(buf_slice(&s->decoded), &s->window);
		look(s, s->part == s->root);
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
begin_body(struct bodyscan *s)
{
	const struct mime_part *p = s->part;

	xfree(&s->header);
	s->in_body = true;
	s->pos = 0;
	s->fold = (struct fold){ 0 };
	buf_reset(&s->window);
	charset_close(&s->charset);
	if (!is_text(p))
		return;
	transfer_init(&s->transfer, transfer_find(p->encoding));
	s->charset = charset_of(p);
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

static void
end_body(struct bodyscan *s)
{
	if (s->charset != NULL) {
		struct buf utf8;

		buf_init(&utf8, WINDOW_MAX);
		buf_reset(&s->decoded);
		transfer_finish(&s->transfer, &s->decoded);
		charset_feed(s->charset, buf_slice(&s->decoded), &utf8);
		charset_finish(s->charset, &utf8);
		fold_feed(&s->fold, buf_slice(&utf8), &s->window);
		fold_finish(&s->fold, &s->window);
		look(s, false);
		buf_fini(&utf8);
	}
	charset_close(&s->charset);
	s->in_body = false;
	s->part = part_after(s->part);
}

static int
read_body(struct bodyscan *s, struct err *err)
{
	const struct mime_span *b = &s->part->body;
	const uint64_t rest = b->bytes - s->pos;
	const size_t n = rest < PIECE ? (size_t)rest : PIECE;
	char piece[PIECE];
	struct buf utf8;

	if (fd_pread_all(s->fd, piece, n, (int64_t)(b->off + s->pos), err) ==
	    -1)
		return -1;
	s->pos += n;
	buf_init(&utf8, WINDOW_MAX);
	buf_reset(&s->decoded);
	transfer_feed(&s->transfer, slice_of(piece, n), &s->decoded);
	charset_feed(s->charset, buf_slice(&s->decoded), &utf8);
	fold_feed(&s->fold, buf_slice(&utf8), &s->window);
	look(s, false);
	buf_fini(&utf8);
	return 0;
}

int
bodyscan_step(struct bodyscan *s, bool *done, struct err *err)
{
	int rc = 0;

	if (s->part != NULL && !s->in_body) {
		if (s->header == NULL)
			rc = read_header(s, err);
		if (rc == 0 && !look_fields(s))
			begin_body(s);
	} else if (s->part != NULL && s->charset != NULL &&
		   s->pos < s->part->body.bytes) {
		rc = read_body(s, err);
	} else if (s->part != NULL) {
		end_body(s);
	}
	*done = s->part == NULL || s->nfound == s->search->nstrings;
	return rc;
}
