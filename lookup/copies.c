/* SPDX-License-Identifier: ISC */
#include "lookup/copies.h"

#include "base/buf.h"
#include "conf/shared.h"
#include "log/log.h"
#include "lookup/conf.h"
#include "lookup/tables.h"
#include "proto/address.h"
#include "table/key.h"
#include "table/mapping.h"
#include "table/reader.h"
#include "table/table.h"

static enum found
get(struct slice key, struct buf *out)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found = lookup_table_get(LOOKUP_BCC, key, &value);
	struct slice list = buf_slice(&value), word;
	struct err err = { 0 };

	if (found == FOUND && mapping_check_bcc(key, list, &err) == -1) {
		log_err("lookup.entry-invalid",
		    kv_s("table", table_spec(lookup_table(LOOKUP_BCC))),
		    kv_slice("key", key), kv_s("why", err.text));
		found = TEMPFAIL;
	}
	while (found == FOUND && (word = mapping_next_copy(&list)).n > 0) {
		buf_add(out, word);
		buf_addc(out, '\n');
	}
	buf_fini(&value);
	return found;
}

/* Of LOCAL and AT_DOMAIN, one of which may be empty. */
static enum found
find(enum lookup_copies by, struct slice local, struct slice at_domain,
    struct buf *out)
{
	struct buf key = { .max = TABLE_KEY_MAX };
	enum found found;

	buf_adds(&key,
	    by == LOOKUP_COPIES_SENDER ? MAPPING_SENDER : MAPPING_RECIPIENT);
	buf_add(&key, local);
	buf_add(&key, at_domain);
	found = key.failed ? ABSENT : get(buf_slice(&key), out);
	buf_fini(&key);
	return found;
}

enum found
lookup_copies(enum lookup_copies by, struct slice address, struct buf *out)
{
	struct slice local, domain, user, tag, at;
	enum found found;

	address_split(address, &local, &domain);
	if (domain.n == 0 || lookup_table_is_missing(LOOKUP_BCC))
		return ABSENT;
	at = slice_of(domain.p - 1, domain.n + 1);
	found = find(by, local, at, out);
	if (found == ABSENT &&
	    address_split_tag(
		local, lookup_conf->shared.recipient_delimiter, &user, &tag))
		found = find(by, user, at, out);
	return found == ABSENT ? find(by, SLICE(""), at, out) : found;
}

enum found
lookup_copies_always(struct buf *out)
{
	return get(SLICE("*"), out);
}
