/* SPDX-License-Identifier: ISC */
#include "lookup/tlspolicy.h"

#include <arpa/inet.h>
#include <stdbool.h>

#include "base/buf.h"
#include "log/log.h"
#include "lookup/conf.h"
#include "lookup/tables.h"
#include "proto/nexthop.h"
#include "table/reader.h"
#include "table/table.h"
#include "table/tlspolicy.h"

static enum found
get(struct slice key, struct buf *value, struct err *err)
{
	struct table *t = lookup_table(LOOKUP_TLS_POLICIES);
	enum found found;

	if (lookup_table_is_missing(LOOKUP_TLS_POLICIES))
		return ABSENT;
	found = lookup_table_found(
	    LOOKUP_TLS_POLICIES, table_get(t, key, value, err));
	if (found == TEMPFAIL)
		table_log_problem(t);
	return found;
}

static bool
is_literal(struct slice host)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t ip[16];

	return slice_copy(host, text, sizeof text) &&
	       (inet_pton(AF_INET, text, ip) == 1 ||
		   inet_pton(AF_INET6, text, ip) == 1);
}

static enum found
get_host(struct slice host, struct buf *value, struct err *err)
{
	struct buf key = { .max = 300 };
	enum found found;

	buf_addf(&key, "[%.*s]", SLICE_FMT(host));
	found = key.failed ? ABSENT : get(buf_slice(&key), value, err);
	buf_fini(&key);
	return found;
}

static enum found
get_domain(struct slice domain, struct buf *value, struct err *err)
{
	enum found found = get(domain, value, err);

	for (size_t at = slice_find(domain, '.');
	     found == ABSENT && at < domain.n; at = slice_find(domain, '.')) {
		domain = slice_from(domain, at);
		found = get(domain, value, err);
		domain = slice_from(domain, 1);
	}
	return found;
}

static enum found
find(const struct nexthop *nh, struct buf *value, struct err *err)
{
	enum found found = ABSENT;

	if (nh->kind == NEXTHOP_HOST)
		found = get_host(nh->host, value, err);
	if (found != ABSENT ||
	    (nh->kind == NEXTHOP_HOST && is_literal(nh->host)))
		return found;
	return get_domain(nh->host, value, err);
}

static enum found
check(struct slice value, struct err *err)
{
	struct tlspolicy p;

	if (tlspolicy_parse(value, &p, err) == -1)
		return TEMPFAIL;
	if (p.level == TLS_POLICY_DANE &&
	    lookup_conf->dns_trust_anchor[0] == '\0') {
		err_set(err, ERR_TEMP, "dane needs dns_trust_anchor");
		return TEMPFAIL;
	}
	return FOUND;
}

enum found
lookup_tlspolicy(struct slice nexthop, struct buf *value, struct err *err)
{
	struct nexthop nh;
	enum found found;

	if (!nexthop_parse(nexthop, &nh) || nh.kind == NEXTHOP_UNIX)
		return ABSENT;
	found = find(&nh, value, err);
	if (found != FOUND)
		return found;
	found = check(buf_slice(value), err);
	if (found == TEMPFAIL)
		log_warn("lookup.entry-invalid",
		    kv_s(
			"table", table_spec(lookup_table(LOOKUP_TLS_POLICIES))),
		    kv_slice("key", nexthop), kv_s("why", err->text));
	return found;
}
