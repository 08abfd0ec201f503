/* SPDX-License-Identifier: ISC */
#include "auth/name.h"

#include <stddef.h>

#include "base/ascii.h"
#include "proto/address.h"
#include "proto/domain.h"

bool
auth_name(struct slice login, struct slice domain, struct buf *out)
{
	const size_t from = out->n;
	struct slice local, its_domain;
	struct buf address;
	bool ok;

	buf_init(&address, ADDRESS_MAX);
	ok = address_parse(login, ADDRESS_UTF8 | ADDRESS_BARE, &address);
	address_split(buf_slice(&address), &local, &its_domain);
	if (ok && its_domain.n == 0) {
		buf_addc(&address, '@');
		buf_add(&address, domain);
	}
	ok = ok && !address.failed &&
	     domain_address_to_ascii(buf_slice(&address), out);
	for (size_t i = from; ok && i < out->n; i++)
		out->p[i] = ascii_lower(out->p[i]);
	ok = ok && !out->failed;
	if (!ok)
		buf_truncate(out, from);
	buf_fini(&address);
	return ok;
}
