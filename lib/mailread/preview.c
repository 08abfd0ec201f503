/* SPDX-License-Identifier: ISC */
#include "mailread/preview.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "mime/charset.h"
#include "mime/param.h"
#include "mime/part.h"
#include "mime/transfer.h"
#include "sys/fd.h"
#include "text/html.h"

enum {
	CHARACTERS_MAX = 256,
	READ_MAX = 64 << 10, /* of the part as it stands in the file */
	DECODED_MAX = 512 << 10,
};

static bool
is_attached(const struct mime_part *p)
{
	return slice_iis(p->disposition, "attachment");
}

static bool
is_html(const struct mime_part *p)
{
	return slice_iis(p->subtype, "html");
}

/* Plain text is worth more than HTML among alternatives; elsewhere the first
 * part counts that has any.  Nesting is bounded by the parser. */
const struct mime_part *
preview_part(const struct mime_part *p)
{
	const bool choose = slice_iis(p->subtype, "alternative");
	const struct mime_part *best = NULL;

	if (p->kind == MIME_LEAF)
		return slice_iis(p->type, "text") && !p->opaque &&
			       !is_attached(p)
			   ? p
			   : NULL;
	if (is_attached(p))
		return NULL;
	for (const struct mime_part *c = p->child; c != NULL; c = c->next) {
		const struct mime_part *found = preview_part(c);

		if (found == NULL)
			continue;
		if (best == NULL || (is_html(best) && !is_html(found)))
			best = found;
		if (!choose || !is_html(best))
			break;
	}
	return best;
}

struct preview {
	struct buf *out;
	unsigned n, max; /* characters */
	bool space;      /* wanted before the next one */
};

/* The character at the start of TEXT; how long it is. */
static size_t
put_character(struct preview *v, struct slice text)
{
	size_t n = utf8_len(text);
	const uint32_t c = n > 0 ? utf8_code(text) : 0xfffd;

	if (n == 0)
		n = 1;
	if (c <= ' ' || c == 0xa0 || c == 0x2028 || c == 0x2029) {
		v->space = v->n > 0;
		return n;
	}
	/* Invisible, or it would turn around what stands beside it. */
	if (utf8_is_control(c) || c == 0xfffd || c == 0xfeff || c == 0x200b ||
	    c == 0x200c || c == 0xad || c == 0x34f)
		return n;
	if (v->space && v->n < v->max - 1) {
		buf_addc(v->out, ' ');
		v->n++;
	}
	v->space = false;
	buf_add(v->out, slice_sub(text, 0, n));
	v->n++;
	return n;
}

static void
put_seen(struct buf *out, struct slice text, bool html, unsigned max)
{
	struct preview v = { .out = out, .max = max };
	struct html reader = { 0 };
	struct buf seen;

	buf_init(&seen, 3 * text.n + HTML_HELD);
	if (html) {
		html_feed(&reader, text, &seen);
		html_finish(&reader, &seen);
		text = buf_slice(&seen);
	}
	while (text.n > 0 && v.n < max)
		text = slice_from(text, put_character(&v, text));
	buf_fini(&seen);
}

void
preview_put(struct buf *out, struct slice text, bool html)
{
	put_seen(out, text, html, CHARACTERS_MAX);
}

/* TEXT out of its transfer encoding and charset. */
static void
decode(struct buf *out, struct slice text, const struct mime_part *p)
{
	struct transfer transfer;
	struct buf decoded;
	struct charset *cs;
	struct arena a;

	arena_init(&a);
	buf_init(&decoded, DECODED_MAX);
	transfer_init(&transfer, transfer_find(p->encoding));
	transfer_feed(&transfer, text, &decoded);
	cs = charset_open(param_value(&a, p->params, "charset"));
	if (cs == NULL)
		cs = charset_guess();
	charset_feed(cs, buf_slice(&decoded), out);
	charset_close(&cs);
	buf_fini(&decoded);
	arena_fini(&a);
}

static int
read_part(struct buf *out, int fd, const struct mime_part *root, unsigned max,
    struct err *err)
{
	const struct mime_part *p = preview_part(root);
	struct buf text;
	size_t n;
	char *raw;
	int rc;

	if (p == NULL)
		return 0;
	n = p->body.bytes < READ_MAX ? (size_t)p->body.bytes : READ_MAX;
	raw = xmalloc(n + 1);
	rc = fd_pread_all(fd, raw, n, (int64_t)p->body.off, err);
	if (rc == 0) {
		buf_init(&text, DECODED_MAX);
		decode(&text, slice_of(raw, n), p);
		put_seen(out, buf_slice(&text), is_html(p), max);
		buf_fini(&text);
	}
	xfree(&raw);
	return rc;
}

int
preview_read(
    struct buf *out, int fd, const struct mime_part *root, struct err *err)
{
	return read_part(out, fd, root, CHARACTERS_MAX, err);
}

int
preview_text(
    struct buf *out, int fd, const struct mime_part *root, struct err *err)
{
	return read_part(out, fd, root, DECODED_MAX, err);
}
