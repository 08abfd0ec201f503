/* SPDX-License-Identifier: ISC */
#include "auth/name.h"

#include <stddef.h>

#include "proto/address.h"

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
	for (size_t i = 0; ok && i < address.n; i++)
		buf_addc(out, ascii_lower(address.p[i]));
	ok = ok && !address.failed && !out->failed;
	if (!ok)
		buf_truncate(out, from);
	buf_fini(&address);
	return ok;
}
