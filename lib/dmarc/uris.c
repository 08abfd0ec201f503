/* SPDX-License-Identifier: ISC */
#include "dmarc/uris.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/num.h"
#include "proto/address.h"
#include "proto/domain.h"

/* "10m", of RFC 7489: units of 1024. */
static bool
parse_size(struct slice text, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	struct cur c = cur_of(text);
	const uint64_t n = cur_u64(&c, UINT32_MAX);
	unsigned shift = 0;

	for (size_t i = 0; i < sizeof units - 1; i++)
		if (cur_peek(&c) != -1 &&
		    ascii_lower((char)cur_peek(&c)) == units[i])
			shift = (unsigned)(i + 1) * 10;
	if (shift > 0)
		(void)cur_byte(&c);
	return cur_end(&c) && mul_ok(n, (uint64_t)1 << shift, bytes);
}

/* %41 (RFC 6068 2) */
static bool
unescape(struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		const bool escape = in.p[i] == '%';
		const int high =
		    escape && i + 2 < in.n ? hex_digit(in.p[i + 1]) : -1;
		const int low = high != -1 ? hex_digit(in.p[i + 2]) : -1;

		if (escape && low == -1)
			return false;
		buf_addc(out, escape ? (char)(high << 4 | low) : in.p[i]);
		i += escape ? 2 : 0;
	}
	return !out->failed;
}

static bool
parse_uri(struct slice text, struct arena *a, struct dmarc_uri *uri)
{
	struct buf raw = { .max = ADDRESS_MAX },
		   address = { .max = ADDRESS_MAX };
	struct buf host = { .max = ADDRESS_DOMAIN_MAX };
	struct slice size, local, domain;
	bool ok;

	*uri = (struct dmarc_uri){ 0 };
	if (!slice_istarts(text, SLICE("mailto:")))
		return false;
	text = slice_cut(slice_from(text, 7), '!', &size);
	if (size.n > 0 && !parse_size(slice_trim(size), &uri->max_bytes))
		return false;
	text = slice_sub(text, 0, slice_find(text, '?'));
	ok = unescape(slice_trim(text), &raw) &&
	     address_parse(buf_slice(&raw), ADDRESS_UTF8, &address);
	address_split(buf_slice(&address), &local, &domain);
	ok = ok && domain.n > 0 && domain.p[0] != '[' &&
	     domain_to_ascii(domain, &host);
	uri->address = arena_slice(a, buf_slice(&address));
	uri->host = arena_slice(a, buf_slice(&host));
	buf_fini(&host);
	buf_fini(&address);
	buf_fini(&raw);
	return ok;
}

size_t
dmarc_uris(
    struct slice rua, struct arena *a, struct dmarc_uri uris[DMARC_URIS_MAX])
{
	size_t n = 0;

	while (rua.n > 0 && n < DMARC_URIS_MAX) {
		const struct slice one = slice_trim(slice_cut(rua, ',', &rua));

		n += parse_uri(one, a, &uris[n]);
	}
	return n;
}
