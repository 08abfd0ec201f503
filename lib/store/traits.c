/* SPDX-License-Identifier: ISC */
#include "store/traits.h"

#include "store/whole.h"

struct durable *
store_pool(const struct store *store)
{
	return store->durable;
}

const char *
store_hostname(const struct store *store)
{
	return store->hostname;
}

bool
store_keeps_crlf(const struct store *store)
{
	return store->crlf;
}

struct work_share *
store_share(struct store *store)
{
	return &store->share;
}
