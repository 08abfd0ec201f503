/* SPDX-License-Identifier: ISC */
#include "lookup/plan.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/shared.h"
#include "ipc/lookup.h"
#include "lookup/conf.h"
#include "lookup/srs.h"
#include "proto/address.h"
#include "proto/domain.h"

/* A plan that is being made. */
struct maker {
	struct lookup_plan *plan;
	struct arena *arena;
	unsigned flags;
};

static void
plan(struct maker *m, enum lookup_source source, struct slice key,
    struct slice tag)
{
	if (m->plan->n < PROBES_MAX)
		m->plan->probes[m->plan->n++] =
		    (struct lookup_probe){ source, key, tag };
}

static struct slice
join(struct maker *m, struct slice local, struct slice domain)
{
	char *p = arena_alloc(m->arena, local.n + 1 + domain.n);

	if (local.n > 0)
		memcpy(p, local.p, local.n);
	p[local.n] = '@';
	memcpy(p + local.n + 1, domain.p, domain.n);
	return slice_of(p, local.n + 1 + domain.n);
}

static void
plan_name(struct maker *m, struct slice name, struct slice tag)
{
	const struct slice full = join(m, name, m->plan->domain);
	const bool aliases = (m->flags & LOOKUP_NO_ALIAS) == 0;

	if (aliases)
		plan(m, ALIASES, full, tag);
	plan(m, ACCOUNTS, full, tag);
	if (aliases)
		plan(m, ALIASES, name, tag);
	if (lookup_conf->system_users)
		plan(m, SYSTEM, name, tag);
}

static void
plan_local(struct maker *m)
{
	const char *delimiters = lookup_conf->shared.recipient_delimiter;
	const struct slice none = { NULL, 0 };
	struct slice user, tag;
	const bool tagged =
	    address_split_tag(m->plan->local, delimiters, &user, &tag);

	plan_name(m, m->plan->local, none);
	if (tagged)
		plan_name(m, user, tag);
	if ((m->flags & LOOKUP_NO_ALIAS) == 0)
		plan(m, ALIASES, join(m, none, m->plan->domain), none);
	if (slice_is(user, "postmaster"))
		plan(m, POSTMASTER, join(m, user, m->plan->domain), tag);
}

static void
plan_foreign(struct maker *m)
{
	const struct slice none = { NULL, 0 };
	struct slice rest = m->plan->domain;

	if (!slice_starts(rest, SLICE("[")))
		for (size_t at = slice_find(rest, '.'); at < rest.n;
		     at = slice_find(rest, '.')) {
			rest = slice_from(rest, at);
			plan(m, TRANSPORTS, rest, none);
			rest = slice_from(rest, 1);
		}
	plan(m, TRANSPORTS, SLICE("*"), none);
}

/* ADDRESS in lower case, with a domain in A-labels. */
static bool
take_address(struct maker *m, struct slice address)
{
	const struct slice home =
	    slice_str(shared_domain(&lookup_conf->shared));
	struct slice local, domain;
	struct buf low, ascii;

	buf_init(&low, ADDRESS_MAX);
	buf_init(&ascii, ADDRESS_MAX);
	if (!address_parse(address, ADDRESS_UTF8 | ADDRESS_BARE, &low)) {
		buf_fini(&low);
		return false;
	}
	address_split(buf_slice(&low), &local, &domain);
	ascii.max = low.max;
	if (domain.n == 0)
		m->plan->address = join(m, local, home);
	else if (domain_address_to_ascii(buf_slice(&low), &ascii))
		m->plan->address = arena_slice(m->arena, buf_slice(&ascii));
	else
		m->plan->address = arena_slice(m->arena, buf_slice(&low));
	buf_fini(&ascii);
	buf_fini(&low);
	m->plan->address = arena_lower(m->arena, m->plan->address);
	address_split(m->plan->address, &m->plan->local, &m->plan->domain);
	return true;
}

enum found
lookup_plan_domain(struct slice domain)
{
	return shared_is_local(&lookup_conf->shared, domain) ||
		       lookup_srs_domain(domain)
		   ? FOUND
		   : lookup_tables_domain(domain);
}

enum found
lookup_plan_ours(struct slice address)
{
	struct slice local, domain;

	address_split(address, &local, &domain);
	return lookup_plan_domain(domain);
}

enum lookup_planned
lookup_plan_make(struct lookup_plan *p, struct slice address, unsigned flags,
    struct arena *arena)
{
	struct maker m = { .plan = p, .arena = arena, .flags = flags };
	const struct slice none = { NULL, 0 };

	if (!take_address(&m, address))
		return PLAN_NO_ADDRESS;
	switch (lookup_plan_domain(p->domain)) {
	case FOUND:
		p->is_local = true;
		break;
	case TEMPFAIL:
		return PLAN_TEMPFAIL;
	case ABSENT:
		break;
	}
	plan(&m, TRANSPORTS, p->address, none);
	plan(&m, TRANSPORTS, p->domain, none);
	if (p->is_local)
		plan_local(&m);
	else
		plan_foreign(&m);
	return PLAN_MADE;
}
