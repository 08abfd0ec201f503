/* SPDX-License-Identifier: ISC */
#include "ev/deflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "ev/layer.h"
#include "ev/stream.h"

enum {
	LEVEL = 6,
	RAW = -1,          /* no zlib header: RFC 4978 3 */
	OUR_WINDOW = 13,   /* 8 KiB of history and 64 KiB of memory instead */
	OUR_MEMORY = 6,    /* of 32 and 256: answers repeat what is near */
	THEIR_WINDOW = 15, /* the client may refer to anything */
	HISTORY = 32768,   /* of that window */
	PIECE = 32768,     /* is compressed at once */
	GOT = 8192,        /* is read at once */
	GETS_A_READ = 8,   /* blocks may be empty: others have their turn */
};

struct deflate_layer {
	struct stream_layer layer;
	size_t plain; /* bytes that were written before the start */

	z_stream out;
	bool packs;     /* out is there */
	struct buf put; /* compressed, and not sent */
	size_t owed;    /* of which so many bytes were the source */

	z_stream in;
	bool unpacks;   /* in is there */
	bool over;      /* it had its last block */
	bool full;      /* there may be more output from what in has taken */
	struct buf got; /* compressed, and not taken */
	struct buf history; /* while in is not there; */
	int bits, value;    /* and the bits of the last byte it had not used */
};

static struct deflate_layer *
layer_of(struct stream_layer *l)
{
	return OUTER(l, struct deflate_layer, layer);
}

/* ---- out ---- */

static void
pack(struct deflate_layer *d, const char *p, size_t n, bool last)
{
	z_stream *z = &d->out;

	if (!d->packs) {
		*z = (z_stream){ 0 };
		must(deflateInit2(z, LEVEL, Z_DEFLATED, RAW * OUR_WINDOW,
			 OUR_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK);
		d->packs = true;
	}
	z->next_in = (const Bytef *)p;
	z->avail_in = (uInt)n;
	do {
		char *room = buf_room(&d->put, PIECE);

		z->next_out = (Bytef *)room;
		z->avail_out = PIECE;
		must(deflate(z, last ? Z_SYNC_FLUSH : Z_NO_FLUSH) !=
		     Z_STREAM_ERROR);
		buf_added(&d->put, PIECE - z->avail_out);
	} while (z->avail_out == 0);
	must(z->avail_in == 0);
}

/* Bytes sent, or as a layer says it. */
static ssize_t
put_raw(struct deflate_layer *d, const char *p, size_t n)
{
	const int fd = d->layer.stream->io.fd;
	const ssize_t put = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (put == -1 && (errno == EAGAIN || errno == EINTR)) {
		d->layer.want = EV_WRITE;
		return STREAM_WAIT;
	}
	return put;
}

static ssize_t
layer_write(struct stream_layer *l, const char *p, size_t n)
{
	struct deflate_layer *d = layer_of(l);
	ssize_t rc;

	if (d->plain > 0) {
		rc = put_raw(d, p, n < d->plain ? n : d->plain);
		d->plain -= rc > 0 ? (size_t)rc : 0;
		return rc;
	}
	if (d->owed == 0) {
		d->owed = n < PIECE ? n : PIECE;
		pack(d, p, d->owed, d->owed == n);
	}
	while (d->put.n > 0) {
		rc = put_raw(d, d->put.p, d->put.n);
		if (rc <= 0)
			return rc;
		buf_consume(&d->put, (size_t)rc);
	}
	buf_fini(&d->put);
	rc = (ssize_t)d->owed;
	d->owed = 0;
	return rc;
}

/* ---- in ---- */

/* Where it was when it rested (zlib's zran.c does the same). */
static void
wake(struct deflate_layer *d)
{
	z_stream *z = &d->in;

	*z = (z_stream){ 0 };
	must(inflateInit2(z, RAW * THEIR_WINDOW) == Z_OK);
	if (d->bits > 0)
		must(inflatePrime(z, d->bits, d->value) == Z_OK);
	if (d->history.n > 0)
		must(inflateSetDictionary(z, (const Bytef *)d->history.p,
			 (uInt)d->history.n) == Z_OK);
	buf_fini(&d->history);
	d->unpacks = true;
}

/* Up to N bytes to P; -1: what came is no DEFLATE. */
static ssize_t
unpack(struct deflate_layer *d, char *p, size_t n)
{
	z_stream *z = &d->in;
	int rc;

	if (!d->unpacks)
		wake(d);
	z->next_in = (const Bytef *)d->got.p;
	z->avail_in = (uInt)d->got.n;
	z->next_out = (Bytef *)p;
	z->avail_out = (uInt)n;
	rc = inflate(z, Z_SYNC_FLUSH);
	if (d->got.n > z->avail_in)
		d->value = (unsigned char)d->got.p[d->got.n - z->avail_in - 1];
	buf_consume(&d->got, d->got.n - z->avail_in);
	d->full = z->avail_out == 0;
	d->over = rc == Z_STREAM_END;
	if (rc != Z_OK && rc != Z_BUF_ERROR && rc != Z_STREAM_END) {
		errno = EPROTO;
		return -1;
	}
	return (ssize_t)(n - z->avail_out);
}

/* Bytes that came, or as a layer says it. */
static ssize_t
get_raw(struct deflate_layer *d)
{
	const int fd = d->layer.stream->io.fd;
	const ssize_t got = recv(fd, buf_room(&d->got, GOT), GOT, MSG_DONTWAIT);

	if (got > 0)
		buf_added(&d->got, (size_t)got);
	if (got == -1 && (errno == EAGAIN || errno == EINTR)) {
		d->layer.want = EV_READ;
		return STREAM_WAIT;
	}
	return got;
}

static ssize_t
layer_read(struct stream_layer *l, char *p, size_t n)
{
	struct deflate_layer *d = layer_of(l);
	ssize_t rc = 0;

	for (int i = 0; i < GETS_A_READ && !d->over; i++) {
		if (d->got.n > 0 || d->full)
			rc = unpack(d, p, n);
		if (rc > 0 || rc == -1 || d->over)
			break;
		rc = get_raw(d);
		if (rc <= 0)
			break;
		d->layer.want = EV_READ;
		rc = STREAM_WAIT;
	}
	if (d->got.n == 0)
		buf_fini(&d->got);
	return rc;
}

static bool
layer_pending(struct stream_layer *l)
{
	const struct deflate_layer *d = layer_of(l);

	return d->got.n > 0 || d->full || d->over;
}

/* ---- rest ---- */

static void
rest_out(struct deflate_layer *d)
{
	if (!d->packs || d->owed > 0 || stream_waiting(d->layer.stream) > 0)
		return;
	/* All ended with a flush, at a whole byte: whatever comes next refers
	 * to nothing before. */
	(void)deflateEnd(&d->out);
	d->packs = false;
}

/* Only between two blocks, which is where a client's flush has left it. */
static void
rest_in(struct deflate_layer *d)
{
	enum { BITS = 0x3f, LAST = 0x40, BETWEEN = 0x80 };
	const int at = d->unpacks ? d->in.data_type : 0;
	uInt n = 0;

	if ((at & BETWEEN) == 0 || (at & LAST) != 0 || d->got.n > 0 || d->full)
		return;
	d->bits = at & BITS;
	d->value >>= 8 - d->bits;
	must(inflateGetDictionary(&d->in, NULL, &n) == Z_OK);
	if (n > 0)
		must(inflateGetDictionary(&d->in,
			 (Bytef *)buf_room(&d->history, n), &n) == Z_OK);
	buf_added(&d->history, n);
	(void)inflateEnd(&d->in);
	d->unpacks = false;
}

static void
layer_shutdown(struct stream_layer *l)
{
	(void)l;
}

static void
layer_free(struct stream_layer *l)
{
	struct deflate_layer *d = layer_of(l);

	if (d->packs)
		(void)deflateEnd(&d->out);
	if (d->unpacks)
		(void)inflateEnd(&d->in);
	buf_fini(&d->put);
	buf_fini(&d->got);
	buf_fini(&d->history);
	free(d);
}

static const struct stream_layer_ops ops = {
	.read = layer_read,
	.write = layer_write,
	.pending = layer_pending,
	.shutdown = layer_shutdown,
	.free = layer_free,
};

void
deflate_start(struct stream *s)
{
	struct deflate_layer *d = xcalloc(1, sizeof *d);
	struct stream_layer *l = &d->layer;

	l->ops = &ops;
	d->plain = stream_waiting(s);
	buf_init(&d->put, 4 * PIECE);
	buf_init(&d->got, GOT);
	buf_init(&d->history, HISTORY);
	stream_set_layer(s, &l);
}

void
deflate_rest(struct stream *s)
{
	struct deflate_layer *d;

	if (s->layer == NULL || s->layer->ops != &ops)
		return;
	d = layer_of(s->layer);
	rest_out(d);
	rest_in(d);
}

/* Bits and value as two bytes, then the history. */
bool
deflate_save(const struct stream *s, struct buf *out)
{
	const struct deflate_layer *d;

	if (s->layer == NULL || s->layer->ops != &ops)
		return false;
	d = layer_of(s->layer);
	if (d->packs || d->unpacks || d->plain > 0 || d->owed > 0 ||
	    d->got.n > 0 || d->over)
		return false;
	buf_addc(out, (char)d->bits);
	buf_addc(out, (char)d->value);
	buf_add(out, buf_slice(&d->history));
	return true;
}

bool
deflate_again(struct stream *s, struct slice saved)
{
	struct deflate_layer *d;

	if (saved.n < 2 || saved.n > 2 + HISTORY ||
	    (unsigned char)saved.p[0] > 7)
		return false;
	deflate_start(s);
	d = layer_of(s->layer);
	d->bits = (unsigned char)saved.p[0];
	d->value = (unsigned char)saved.p[1] & ((1 << d->bits) - 1);
	buf_add(&d->history, slice_from(saved, 2));
	return true;
}

void
deflate_apart(struct slice text, struct buf *out)
{
	struct deflate_layer d = { .packs = false };

	buf_init(&d.put, 4 * PIECE);
	pack(&d, text.p, text.n, true);
	(void)deflateEnd(&d.out);
	buf_add(out, buf_slice(&d.put));
	buf_fini(&d.put);
}
