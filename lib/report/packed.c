/* SPDX-License-Identifier: ISC */
#include "report/packed.h"

#define ZLIB_CONST
#include <stdlib.h>

#include <zlib.h>

#include "base/mem.h"
#include "base/must.h"

enum {
	RAW = -15,      /* window bits: no header, as in a zip archive */
	GZIP = 15 + 16, /* with the header of gzip */
	PIECE = 65536,  /* is unpacked at once */
	LEVEL = 6,
	MEMORY = 8,
	ENTRY = 30,      /* bytes of an entry's header in a zip archive */
	ENTRIES_MAX = 8, /* that are looked into: directories come first */
	ENCRYPTED = 1,
	SIZE_LATER = 8, /* flags */
	STORED = 0,
	DEFLATED = 8,
};

static int
unpack(int bits, struct slice in, struct buf *out, struct err *err)
{
	z_stream z = { .next_in = (const Bytef *)in.p, .avail_in = (uInt)in.n };
	int rc = Z_OK;

	must(inflateInit2(&z, bits) == Z_OK);
	while (rc == Z_OK) {
		const size_t left = out->max - out->n;
		const size_t n = left < PIECE ? left : PIECE;
		char *room = buf_room(out, n);

		if (n == 0 || room == NULL)
			break;
		z.next_out = (Bytef *)room;
		z.avail_out = (uInt)n;
		rc = inflate(&z, Z_NO_FLUSH);
		buf_added(out, n - z.avail_out);
	}
	(void)inflateEnd(&z);
	if (rc == Z_OK)
		return err_set_code(err, ERR_PERM, ERR_TOO_BIG,
		    "larger than %zu bytes when unpacked", out->max);
	if (rc != Z_STREAM_END)
		return err_set(err, ERR_PERM, "damaged: it cannot be unpacked");
	return 0;
}

/* ---- zip ---- */

static uint32_t
le(struct slice s, size_t at, size_t n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | (unsigned char)s.p[at + n];
	return v;
}

/* The entry at the start of ZIP; *NEXT is behind it, where that is known. */
static int
entry(struct slice zip, struct slice *next, struct buf *out, struct err *err)
{
	const uint32_t flags = le(zip, 6, 2), method = le(zip, 8, 2);
	const size_t size = le(zip, 18, 4);
	const size_t names = le(zip, 26, 2) + le(zip, 28, 2);
	const struct slice data = slice_from(zip, ENTRY + names);

	*next = slice_from(data, size);
	if ((flags & ENCRYPTED) != 0)
		return err_set(err, ERR_PERM, "encrypted");
	if (method == DEFLATED)
		return unpack(RAW, data, out, err);
	if (method != STORED || (flags & SIZE_LATER) != 0 || size > data.n)
		return err_set(err, ERR_PERM, "an archive of a kind not known");
	buf_add(out, slice_sub(data, 0, size));
	if (out->failed)
		return err_set_code(
		    err, ERR_PERM, ERR_TOO_BIG, "too large when unpacked");
	return 0;
}

static bool
is_entry(struct slice s)
{
	return s.n >= ENTRY && slice_starts(s, SLICE("PK\3\4"));
}

static int
unzip(struct slice zip, struct buf *out, struct err *err)
{
	const size_t before = out->n;

	for (int i = 0; i < ENTRIES_MAX && is_entry(zip); i++) {
		if (entry(zip, &zip, out, err) == -1)
			return -1;
		if (out->n > before)
			return 0;
	}
	return err_set(err, ERR_PERM, "an archive with nothing in it");
}

/* ---- both ---- */

int
packed_open(struct slice file, struct buf *out, struct err *err)
{
	if (file.n > UINT32_MAX / 2)
		return err_set_code(err, ERR_PERM, ERR_TOO_BIG, "too large");
	if (slice_starts(file, SLICE("\x1f\x8b")))
		return unpack(GZIP, file, out, err);
	if (is_entry(file))
		return unzip(file, out, err);
	buf_add(out, file);
	if (out->failed)
		return err_set_code(err, ERR_PERM, ERR_TOO_BIG, "too large");
	return 0;
}

/* ---- packing ---- */

struct packed {
	z_stream z;
};

struct packed *
packed_begin(void)
{
	struct packed *p = xcalloc(1, sizeof *p);

	must(deflateInit2(&p->z, LEVEL, Z_DEFLATED, GZIP, MEMORY,
		 Z_DEFAULT_STRATEGY) == Z_OK);
	return p;
}

static void
pack(struct packed *p, struct slice piece, int how, struct buf *out)
{
	p->z.next_in = (const Bytef *)piece.p;
	p->z.avail_in = (uInt)piece.n;
	do {
		char *room = buf_room(out, PIECE);

		if (room == NULL)
			return;
		p->z.next_out = (Bytef *)room;
		p->z.avail_out = PIECE;
		must(deflate(&p->z, how) != Z_STREAM_ERROR);
		buf_added(out, PIECE - p->z.avail_out);
	} while (p->z.avail_out == 0);
}

void
packed_add(struct packed *p, struct slice piece, struct buf *out)
{
	must(piece.n <= UINT32_MAX / 2);
	pack(p, piece, Z_NO_FLUSH, out);
}

void
packed_end(struct packed **p, struct buf *out)
{
	if (*p == NULL)
		return;
	if (out != NULL)
		pack(*p, SLICE(""), Z_FINISH, out);
	(void)deflateEnd(&(*p)->z);
	xfree(p);
}
