/* SPDX-License-Identifier: ISC */
#include "table/kind.h"

#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"
#include "proto/address.h"
#include "table/access.h"
#include "table/account.h"
#include "table/alias.h"
#include "table/app.h"
#include "table/command.h"
#include "table/group.h"
#include "table/limit.h"
#include "table/mapping.h"
#include "table/source.h"
#include "table/tlspolicy.h"
#include "table/transport.h"

static int
check_domain(struct slice key, struct slice value, struct err *err)
{
	if (!address_is_domain(key, ADDRESS_UTF8))
		return err_set(err, ERR_PERM, "expected a domain");
	if (value.n > 0)
		return err_set(
		    err, ERR_PERM, "expected nothing after the domain");
	return 0;
}

/* An address or @domain, and the logins that may send in its name. */
static int
check_sender(struct slice key, struct slice value, struct err *err)
{
	struct buf scratch = { .max = ADDRESS_MAX };
	const bool domain = slice_starts(key, SLICE("@"));
	bool ok = domain ? address_is_domain(slice_from(key, 1), ADDRESS_UTF8)
			 : address_parse(key, ADDRESS_UTF8, &scratch);

	if (!ok)
		err_set(err, ERR_PERM, "expected an address, or @domain");
	else if (value.n == 0)
		ok = err_set(err, ERR_PERM,
			 "expected who may send as %.*s, as user@domain",
			 SLICE_FMT(key)) == 0;
	while (ok && value.n > 0) {
		const struct slice login = slice_cut(value, ' ', &value);

		buf_reset(&scratch);
		ok = login.n == 0 ||
		     address_parse(login, ADDRESS_UTF8, &scratch);
		if (!ok)
			err_set(err, ERR_PERM,
			    "expected user@domain, not \"%.*s\"",
			    SLICE_FMT(login));
	}
	buf_fini(&scratch);
	return ok ? 0 : -1;
}

/* clang-format off */
static const struct table_kind kinds[] = {
	{ "accounts",      false, false, account_check },
	{ "passwords",     false, true,  account_check_password },
	{ "app_passwords", false, true,  app_check },
	{ "access",        false, false, access_check },
	{ "aliases",       true,  false, alias_check },
	{ "transports",    false, false, transport_check },
	{ "tls_policies",  false, false, tlspolicy_check },
	{ "commands",      false, false, table_command_check },
	{ "domains",       false, false, check_domain },
	{ "limits",        false, false, limit_check },
	{ "sender_relays", false, false, transport_check_sender },
	{ "source_addresses", false, false, source_check },
	{ "senders",       false, false, check_sender },
	{ "canonical",     false, false, mapping_check_canonical },
	{ "masquerade",    false, false, mapping_check_masquerade },
	{ "bcc",           false, false, mapping_check_bcc },
	{ "groups",        false, false, group_check },
};
/* clang-format on */
static const struct table_kind any = { .name = NULL };

const struct table_kind *
table_kind_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (slice_is(slice_str(name), kinds[i].name))
			return &kinds[i];
	return &any;
}
