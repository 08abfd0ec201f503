/* SPDX-License-Identifier: ISC */
#include "sieve/code.h"

#include "base/buf.h"

struct slice
sieve_code_bytes(struct sieve_reader *r, size_t n)
{
	struct slice s = { NULL, 0 };

	if (r->failed || (size_t)(r->end - r->p) < n) {
		r->failed = true;
		return s;
	}
	s = slice_of(r->p, n);
	r->p += n;
	return s;
}

uint8_t
sieve_code_u8(struct sieve_reader *r)
{
	const struct slice s = sieve_code_bytes(r, 1);

	return s.n == 1 ? (uint8_t)s.p[0] : 0;
}

static uint64_t
fixed(struct sieve_reader *r, size_t n)
{
	const struct slice s = sieve_code_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = s.n; i-- > 0;)
		v = v << 8 | (unsigned char)s.p[i];
	return v;
}

uint32_t
sieve_code_u32(struct sieve_reader *r)
{
	return (uint32_t)fixed(r, 4);
}

uint64_t
sieve_code_u64(struct sieve_reader *r)
{
	return fixed(r, 8);
}

uint64_t
sieve_code_varint(struct sieve_reader *r, uint64_t max)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		const uint8_t c = sieve_code_u8(r);

		if (shift == 63 && c > 1)
			break;
		v |= (uint64_t)(c & 0x7f) << shift;
		if ((c & 0x80) != 0)
			continue;
		if (v > max)
			break;
		return r->failed ? 0 : v;
	}
	r->failed = true;
	return 0;
}

static void
put_fixed(struct buf *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++, v >>= 8)
		buf_addc(b, (char)(v & 0xff));
}

void
sieve_code_put_u32(struct buf *b, uint32_t v)
{
	put_fixed(b, v, 4);
}

void
sieve_code_put_u64(struct buf *b, uint64_t v)
{
	put_fixed(b, v, 8);
}

void
sieve_code_put_varint(struct buf *b, uint64_t v)
{
	while (v >= 0x80) {
		buf_addc(b, (char)(0x80 | (v & 0x7f)));
		v >>= 7;
	}
	buf_addc(b, (char)v);
}

void
sieve_code_put_bytes(struct buf *b, struct slice s)
{
	sieve_code_put_varint(b, s.n);
	buf_add(b, s);
}

void
sieve_code_set_u32(struct buf *b, size_t at, uint32_t v)
{
	for (size_t i = 0; at + 4 <= b->n && i < 4; i++, v >>= 8)
		b->p[at + i] = (char)(v & 0xff);
}
