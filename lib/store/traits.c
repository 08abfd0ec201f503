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

const struct quota_policy *
store_quota_policy(const struct store *store)
{
	return store->quota;
}

struct work_share *
store_share(struct store *store)
{
	return &store->share;
}
