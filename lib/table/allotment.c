/* SPDX-License-Identifier: ISC */
#include "table/allotment.h"

#include "base/buf.h"
#include "conf/quota.h"
#include "conf/shared.h"
#include "table/account.h"
#include "table/reader.h"
#include "table/table.h"

int
allotment_check(const struct shared_conf *shared, struct err *err)
{
	struct quota q;

	if (quota_parse(slice_str(shared->quota), &q))
		return 0;
	return err_set(err, ERR_PERM,
	    "quota: expected bytes (5G), or bytes and messages (5G,10000), not "
	    "\"%s\"",
	    shared->quota);
}

/* What the entry of NAME's domain says. */
static enum found
of_domain(struct table *accounts, struct slice name, struct account_entry *a,
    struct err *err)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found =
	    table_get(accounts, account_domain_key(name), &value, err);

	if (found == FOUND &&
	    account_parse_domain(buf_slice(&value), a, err) == -1) {
		if (err != NULL)
			err->class = ERR_TEMP;
		found = TEMPFAIL;
	}
	buf_fini(&value);
	return found;
}

int
allotment_find(struct table *accounts, const struct shared_conf *shared,
    struct slice name, struct account_entry *a, struct err *err)
{
	struct account_entry domain;
	struct quota host;
	enum found found;

	if (a->has_quota)
		return 0;
	found = of_domain(accounts, name, &domain, err);
	if (found == TEMPFAIL)
		return -1;
	if (found == FOUND && domain.has_quota) {
		a->quota_bytes = domain.quota_bytes;
		a->quota_messages = domain.quota_messages;
		return 0;
	}
	if (!quota_parse(slice_str(shared->quota), &host))
		return allotment_check(shared, err);
	a->quota_bytes = host.bytes;
	a->quota_messages = host.messages;
	return 0;
}
