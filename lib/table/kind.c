/* SPDX-License-Identifier: ISC */
#include "table/kind.h"

#include <stddef.h>

#include "base/mem.h"
#include "table/account.h"
#include "table/alias.h"
#include "table/transport.h"

/* clang-format off */
static const struct table_kind kinds[] = {
	{ "accounts",   false, account_check },
	{ "passwords",  false, account_check_password },
	{ "aliases",    true,  alias_check },
	{ "transports", false, transport_check },
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
