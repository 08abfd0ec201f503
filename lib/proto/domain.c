/* SPDX-License-Identifier: ISC */
#include "proto/domain.h"

#include <idn2.h>
#include <stdint.h>

#include "base/ascii.h"
#include "proto/address.h"

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static void
put_lower(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, ascii_lower(s.p[i]));
}

/* UTS 46 maps some wide characters to ASCII that is none of a host's name. */
static bool
is_host_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
			return false;
	return s.n > 0;
}

/* S is one label as it was written, or several parted by dots of other
 * scripts.  They are looked at one by one, so that what an ASCII label may hold
 * (an underscore) does not depend on its neighbours. */
static bool
put_wide(struct slice s, struct buf *out)
{
	const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
	char text[ADDRESS_DOMAIN_MAX + 1];
	uint8_t *found = NULL;
	bool ok;

	if (!slice_copy(s, text, sizeof text) ||
	    idn2_lookup_u8((uint8_t *)text, &found, flags) != IDN2_OK)
		return false;
	ok = is_host_text(slice_str((char *)found));
	if (ok)
		put_lower(slice_str((char *)found), out);
	idn2_free(found);
	return ok;
}

static bool
put_labels(struct slice domain, struct buf *out)
{
	for (size_t at = 0; at <= domain.n && !out->failed; at++) {
		const struct slice rest = slice_from(domain, at);
		const struct slice label =
		    slice_sub(rest, 0, slice_find(rest, '.'));

		if (at > 0)
			buf_addc(out, '.');
		if (is_ascii(label))
			put_lower(label, out);
		else if (!put_wide(label, out))
			return false;
		at += label.n;
	}
	return true;
}

bool
domain_to_ascii(struct slice domain, struct buf *out)
{
	const size_t from = out->n;
	bool ok = true;

	if (is_ascii(domain) || slice_starts(domain, SLICE("[")))
		put_lower(domain, out);
	else
		ok = put_labels(domain, out);
	if (ok && !out->failed && out->n - from <= ADDRESS_DOMAIN_MAX)
		return true;
	buf_truncate(out, from);
	return false;
}

bool
domain_same(struct slice a, struct slice b)
{
	struct buf one = { .max = ADDRESS_DOMAIN_MAX };
	struct buf other = { .max = ADDRESS_DOMAIN_MAX };
	const bool same = domain_to_ascii(a, &one) &&
			  domain_to_ascii(b, &other) &&
			  slice_eq(buf_slice(&one), buf_slice(&other));

	buf_fini(&one);
	buf_fini(&other);
	return same;
}

bool
domain_is_beneath(struct slice name, struct slice domain)
{
	if (name.n < domain.n ||
	    !slice_ieq(slice_from(name, name.n - domain.n), domain))
		return false;
	return name.n == domain.n || name.p[name.n - domain.n - 1] == '.';
}

bool
domain_address_to_ascii(struct slice address, struct buf *out)
{
	const size_t from = out->n;
	struct slice local, domain;

	address_split(address, &local, &domain);
	buf_add(out, slice_sub(address, 0, address.n - domain.n));
	if (domain_to_ascii(domain, out))
		return true;
	buf_truncate(out, from);
	return false;
}
