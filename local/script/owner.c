/* SPDX-License-Identifier: ISC */
/* The account that a delivery is for, which few scripts ask about. */
#include "local/script/inner.h"
#include "store/store.h"

bool
owner_account(struct script_run *r)
{
	struct err err;

	return r->account != NULL || store_account_ensure(r->store,
					 arena_str(&r->arena, r->rcpt.home),
					 &r->account, &err) == FOUND;
}
