/* SPDX-License-Identifier: ISC */
#include "mailread/binary.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

/* A piece as it is read, line ends made longer, and what was held back. */
enum { DECODED_MAX = 64 << 10 };

struct binary_place {
	uint32_t uid;
	struct binary at;
};

enum transfer_encoding
binary_encoding(const struct mime_part *p)
{
	return p->kind == MIME_LEAF ? transfer_find(p->encoding)
				    : TRANSFER_IDENTITY;
}

void
binary_begin(struct binary_part *b, int fd, const struct mime_span *span,
    enum transfer_encoding encoding, uint64_t off, uint64_t len)
{
	*b = (struct binary_part){ .off = off,
		.end = len < UINT64_MAX - off ? off + len : UINT64_MAX };
	body_init(&b->from.body, fd, span, 0, UINT64_MAX);
	b->from.body.keep_nul = true;
	transfer_init(&b->from.transfer, encoding);
	b->at = b->from;
}

/* Decode a piece into OUT. */
static int
decode(struct binary *d, struct buf *out, struct err *err)
{
	struct buf raw;
	int rc;

	buf_init(&raw, DECODED_MAX);
	rc = body_write(&d->body, &raw, err);
	if (rc == 0) {
		transfer_feed(&d->transfer, buf_slice(&raw), out);
		d->ended = d->body.left == 0;
	}
	if (d->ended)
		transfer_finish(&d->transfer, out);
	d->pos += out->n;
	buf_fini(&raw);
	return rc;
}

/* Decode a piece; what of it is wanted is in BUF, which is its caller's. */
static int
next(struct binary_part *b, struct buf *buf, struct slice *wanted,
    struct err *err)
{
	const uint64_t pos = b->at.pos;
	uint64_t skip, n;

	buf_init(buf, DECODED_MAX);
	b->before = b->at;
	if (decode(&b->at, buf, err) == -1)
		return -1;
	skip = b->off > pos ? b->off - pos : 0;
	if (skip > buf->n)
		skip = buf->n;
	n = b->end > pos + skip ? b->end - pos - skip : 0;
	*wanted = slice_sub(slice_from(buf_slice(buf), (size_t)skip), 0,
	    n < buf->n ? (size_t)n : buf->n);
	return 0;
}

int
binary_count(struct binary_part *b, struct err *err)
{
	struct slice wanted = { NULL, 0 };
	struct buf buf;
	const int rc = next(b, &buf, &wanted, err);

	b->left += wanted.n;
	b->nul = b->nul || slice_find(wanted, '\0') < wanted.n;
	b->counted = b->at.ended || b->at.pos >= b->end;
	if (b->counted)
		b->at = b->from;
	buf_fini(&buf);
	return rc;
}

int
binary_write(struct binary_part *b, struct buf *out, struct err *err)
{
	struct slice wanted = { NULL, 0 };
	struct buf buf;
	int rc = next(b, &buf, &wanted, err);

	if (rc == 0 && b->at.ended && wanted.n < b->left)
		rc = err_set(err, ERR_TEMP, "message is shorter than it was");
	if (rc == 0) {
		buf_add(out, wanted);
		b->left -= wanted.n;
	}
	buf_fini(&buf);
	return rc;
}

void
binary_place_save(
    struct binary_place **place, uint32_t uid, const struct binary_part *b)
{
	if (*place == NULL)
		*place = xcalloc(1, sizeof **place);
	(*place)->uid = uid;
	(*place)->at = b->before;
}

void
binary_place_use(
    const struct binary_place *place, uint32_t uid, struct binary_part *b)
{
	const struct binary *at;
	const int fd = b->from.body.fd;

	if (place == NULL || place->uid != uid)
		return;
	at = &place->at;
	if (at->body.span.off != b->from.body.span.off ||
	    at->body.span.bytes != b->from.body.span.bytes ||
	    at->transfer.encoding != b->from.transfer.encoding ||
	    at->pos > b->off)
		return;
	b->from = *at;
	b->from.body.fd = fd;
	b->at = b->from;
}

void
binary_place_free(struct binary_place **place)
{
	xfree(place);
}
