/* SPDX-License-Identifier: ISC */
#include "imapd/bodyscan.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
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
};

static bool
holds(struct slice text, struct slice needle)
{
	return slice_search(text, needle) < text.n || needle.n == 0;
}

bool
bodyscan_value(struct slice value, struct slice needle)
{
	struct buf text, folded;
	bool yes;

	buf_init(&text, 8 * value.n + 64);
	buf_init(&folded, WINDOW_MAX);
	word_decode(&text, value);
	fold_text(buf_slice(&text), &folded);
	yes = holds(buf_slice(&folded), needle);
	buf_fini(&text);
	buf_fini(&folded);
	return yes;
}

bool
bodyscan_header(struct slice header, struct slice name, struct slice needle)
{
	struct header_field f;

	while (header_next(&header, &f))
		if (slice_ieq(f.name, name) && bodyscan_value(f.value, needle))
			return true;
	return false;
}

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
		if (!holds(text, k->needle))
			continue;
		s->found[i] = true;
		s->nfound++;
	}
	if (s->window.n > keep)
		buf_consume(&s->window, s->window.n - keep);
}

/* "Name: value" of each field, decoded. */
static void
look_header(struct bodyscan *s, struct slice header, bool top)
{
	struct header_field f;

	while (header_next(&header, &f)) {
		buf_reset(&s->decoded);
		buf_reset(&s->window);
		buf_add(&s->decoded, f.name);
		buf_adds(&s->decoded, ": ");
		word_decode(&s->decoded, slice_trim(f.value));
		fold_text(buf_slice(&s->decoded), &s->window);
		look(s, top);
	}
	buf_reset(&s->window);
}

static int
read_header(struct bodyscan *s, struct err *err)
{
	const struct mime_span *h = &s->part->header;
	const size_t n = h->bytes < HEADER_MAX ? (size_t)h->bytes : HEADER_MAX;
	char *text = xmalloc(n + 1);
	const int rc = fd_pread_all(s->fd, text, n, (int64_t)h->off, err);

	if (rc == 0)
		look_header(s, slice_of(text, n), s->part == s->root);
	free(text);
	return rc;
}

static bool
is_text(const struct mime_part *p)
{
	return p->kind == MIME_LEAF && !p->opaque &&
	       (slice_iis(p->type, "text") || slice_iis(p->type, "message"));
}

static void
begin_body(struct bodyscan *s)
{
	const struct mime_part *p = s->part;
	const struct slice name = param_find(p->params, "charset");

	s->in_body = true;
	s->pos = 0;
	s->fold = (struct fold){ 0 };
	buf_reset(&s->window);
	charset_close(&s->charset);
	if (!is_text(p))
		return;
	transfer_init(&s->transfer, transfer_find(p->encoding));
	s->charset = charset_open(name.n > 0 ? name : SLICE("utf-8"));
	if (s->charset == NULL)
		s->charset = charset_open(SLICE("utf-8"));
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
		rc = read_header(s, err);
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
