/* SPDX-License-Identifier: ISC */
#include "lookup/resolve.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/param.h"
#include "conf/shared.h"
#include "ev/loop.h"
#include "ipc/lookup.h"
#include "log/log.h"
#include "log/metric.h"
#include "lookup/conf.h"
#include "lookup/system.h"
#include "lookup/usage.h"
#include "proto/address.h"
#include "table/account.h"
#include "table/alias.h"
#include "table/table.h"
#include "table/transport.h"
#include "table/watch.h"

enum source { TRANSPORTS, ALIASES, ACCOUNTS, SYSTEM, POSTMASTER, SOURCES };

/* A question; domains have at most 127 labels. */
struct probe {
	enum source source;
	struct slice key;
	struct slice tag; /* what was cut off for it */
};
enum { PROBES_MAX = 160 };

struct query {
	TAILQ_ENTRY(query) link;
	struct arena arena;
	struct ipc *peer;
	uint64_t id;
	unsigned flags;
	struct slice address; /* canonical, lower case, with a domain */
	struct slice local, domain;
	struct table_request rq;
	size_t n, at;
	struct probe probes[PROBES_MAX];
};

static struct {
	int dir;
	struct table *tables[ACCOUNTS + 1];
	bool seen[ACCOUNTS + 1]; /* it was there once */
	struct table_watch watch;
	TAILQ_HEAD(, query) queries;
} lookup = { .queries = TAILQ_HEAD_INITIALIZER(lookup.queries) };

static struct metric asked = { .name = "pabal_lookup_addresses",
	.help = "Addresses that were looked up." };
static struct metric failed = { .name = "pabal_lookup_failures",
	.help = "Look-ups that failed for the moment." };

static void next(struct query *q);

/* ---- answers ---- */

static void
query_free(struct query *q)
{
	table_cancel(&q->rq);
	TAILQ_REMOVE(&lookup.queries, q, link);
	arena_fini(&q->arena);
	free(q);
}

static void
answer(struct query *q, struct msg_lookup_found *a)
{
	struct msg m = { .type = MSG_lookup_found };

	a->id = q->id;
	if (a->address.n == 0)
		a->address = q->address;
	m.lookup_found = *a;
	(void)ipc_send(q->peer, &m);
	query_free(q);
}

static void
refuse(struct query *q, const char *enhanced, const char *text)
{
	struct msg_lookup_found a = {
		.kind = enhanced[0] == '4' ? LOOKUP_TEMPFAIL : LOOKUP_REFUSE,
		.code = enhanced[0] == '4' ? 451 : 550,
		.enhanced = slice_str(enhanced),
		.text = slice_str(text),
	};

	if (a.kind == LOOKUP_TEMPFAIL)
		metric_add(&failed, 1);
	answer(q, &a);
}

static void
bad_entry(struct query *q, const struct probe *p, const char *why)
{
	log_err("lookup.bad-entry",
	    kv_s("table", table_spec(lookup.tables[p->source])),
	    kv_slice("key", p->key), kv_s("why", why));
	refuse(q, "4.3.5", "temporary failure in a table");
}

/* ---- what was found ---- */

static void
found_transport(struct query *q, const struct probe *p, struct slice value)
{
	struct msg_lookup_found a = { .kind = LOOKUP_RELAY };
	struct transport t;
	struct err err;

	if (transport_parse(value, &t, &err) == -1) {
		bad_entry(q, p, err.text);
		return;
	}
	if (t.kind == TRANSPORT_ERROR) {
		const bool temp = t.code.p[0] == '4';

		a.kind = temp ? LOOKUP_TEMPFAIL : LOOKUP_REFUSE;
		a.code = temp ? 450 : 550;
		a.enhanced = t.code;
		a.text = t.text.n > 0 ? t.text : SLICE("not reachable");
	} else {
		a.transport = slice_str(transport_name(t.kind));
		a.nexthop = t.nexthop.n > 0 ? t.nexthop : q->domain;
	}
	answer(q, &a);
}

/* An address without a domain is one of the first local domain; one that is
 * the alias itself means the mailbox. */
static void
put_target(struct query *q, const struct probe *p,
    const struct alias_target *in, struct buf *out)
{
	struct alias_target t = *in;
	struct slice local, domain;
	struct buf full;

	buf_init(&full, 2 * ADDRESS_MAX);
	address_split(t.text, &local, &domain);
	buf_add(&full, t.text);
	if (t.kind == ALIAS_ADDRESS && domain.n == 0) {
		buf_addc(&full, '@');
		buf_adds(&full, lookup_conf->shared.domains.v[0]);
	}
	t.text = buf_slice(&full);
	if (t.kind == ALIAS_ADDRESS && slice_ieq(t.text, q->address) &&
	    !slice_starts(p->key, SLICE("@")))
		t.final = true;
	alias_put(&t, out);
	buf_fini(&full);
}

static void
found_alias(struct query *q, const struct probe *p, struct slice value)
{
	struct msg_lookup_found a = { .kind = LOOKUP_ALIAS, .tag = p->tag };
	struct buf targets;
	struct alias list;
	struct err err;

	if (alias_parse(value, &q->arena, &list, &err) == -1) {
		bad_entry(q, p, err.text);
		return;
	}
	buf_init(&targets, MSG_MAX_BYTES - 4096);
	for (size_t i = 0; i < list.n; i++)
		put_target(q, p, &list.targets[i], &targets);
	a.targets = buf_slice(&targets);
	if (targets.failed)
		bad_entry(q, p, "the list is too long: use :include:");
	else
		answer(q, &a);
	buf_fini(&targets);
}

static void
found_account(struct query *q, const struct probe *p, struct slice value)
{
	struct msg_lookup_found a = {
		.kind = LOOKUP_MAILBOX,
		.address = p->key,
		.tag = p->tag,
	};
	struct account account;
	struct err err;

	if (account_parse(p->key, value, &account, &err) == -1) {
		bad_entry(q, p, err.text);
		return;
	}
	if ((account.flags & ACCOUNT_NO_MAIL) != 0) {
		refuse(q, "5.2.1", "this mailbox takes no mail");
		return;
	}
	a.uid = account.uid == ACCOUNT_VIRTUAL ? 0 : account.uid;
	a.home = slice_of(account.home, account.home_len);
	a.quota = account.quota_bytes;
	a.room = lookup_usage_room(p->key, a.quota, ev_now_ms());
	answer(q, &a);
}

static void
found_user(struct query *q, const struct probe *p, uint32_t uid)
{
	struct msg_lookup_found a = {
		.kind = LOOKUP_MAILBOX,
		.tag = p->tag,
		.uid = uid,
		.home = SLICE("Maildir"),
		.room = UINT64_MAX,
	};

	answer(q, &a);
}

/* RFC 5321 4.5.1: there is always a postmaster.  He has an alias or account
 * like others, or the address that the configuration names; where that is he
 * himself, a mailbox that is made for the first message. */
static void
found_postmaster(struct query *q, const struct probe *p)
{
	const struct slice to = slice_str(lookup_conf->shared.postmaster);
	struct msg_lookup_found a = { .kind = LOOKUP_ALIAS };
	const struct alias_target target = { ALIAS_ADDRESS, false, to };
	struct account account;
	struct buf targets;

	buf_init(&targets, 2 * ADDRESS_MAX);
	if (to.n > 0 && !slice_ieq(to, p->key)) {
		put_target(q, p, &target, &targets);
		a.targets = buf_slice(&targets);
		answer(q, &a);
	} else if (account_default(p->key, &account, NULL) == 0) {
		a.kind = LOOKUP_MAILBOX;
		a.address = p->key;
		a.tag = p->tag;
		a.home = slice_of(account.home, account.home_len);
		a.room = UINT64_MAX;
		answer(q, &a);
	} else {
		refuse(q, "5.1.1", "no such user here");
	}
	buf_fini(&targets);
}

static void
found_nothing(struct query *q)
{
	struct msg_lookup_found a = {
		.kind = LOOKUP_RELAY,
		.transport = SLICE("smtp"),
		.nexthop = q->domain,
	};

	if (shared_is_local(&lookup_conf->shared, q->domain))
		refuse(q, "5.1.1", "no such user here");
	else
		answer(q, &a);
}

/* ---- asking ---- */

static void
on_answer(struct table_request *rq, enum found found, struct slice value)
{
	struct query *q = OUTER(rq, struct query, rq);
	const struct probe *p = &q->probes[q->at];
	const struct table *t = lookup.tables[p->source];

	/* no route or alias was ever written; but accounts are never missing */
	if (found == TEMPFAIL && p->source != ACCOUNTS &&
	    !lookup.seen[p->source] && !table_exists(t))
		found = ABSENT;
	else if (found != TEMPFAIL)
		lookup.seen[p->source] = true;
	if (found == TEMPFAIL) {
		log_err("lookup.table", kv_s("table", table_spec(t)),
		    kv_s("why", table_problem(t)));
		refuse(q, "4.3.0", "temporary failure in a table");
	} else if (found == ABSENT) {
		q->at++;
		next(q);
	} else if (p->source == TRANSPORTS) {
		found_transport(q, p, value);
	} else if (p->source == ALIASES) {
		found_alias(q, p, value);
	} else {
		found_account(q, p, value);
	}
}

static void
next(struct query *q)
{
	while (q->at < q->n) {
		const struct probe *p = &q->probes[q->at];

		if (p->source <= ACCOUNTS) {
			table_find(lookup.tables[p->source], p->key, &q->rq);
			return;
		}
		if (p->source == POSTMASTER) {
			found_postmaster(q, p);
			return;
		}
		if (lookup_system_find(p->key) != 0) {
			found_user(q, p, lookup_system_find(p->key));
			return;
		}
		q->at++;
	}
	found_nothing(q);
}

/* ---- the plan ---- */

static void
plan(struct query *q, enum source source, struct slice key, struct slice tag)
{
	if (q->n < PROBES_MAX)
		q->probes[q->n++] = (struct probe){ source, key, tag };
}

static struct slice
join(struct query *q, struct slice local, struct slice domain)
{
	char *p = arena_alloc(&q->arena, local.n + 1 + domain.n);

	if (local.n > 0)
		memcpy(p, local.p, local.n);
	p[local.n] = '@';
	memcpy(p + local.n + 1, domain.p, domain.n);
	return slice_of(p, local.n + 1 + domain.n);
}

static void
plan_name(struct query *q, struct slice name, struct slice tag)
{
	const struct slice full = join(q, name, q->domain);
	const bool aliases = (q->flags & LOOKUP_NO_ALIAS) == 0;

	if (aliases)
		plan(q, ALIASES, full, tag);
	plan(q, ACCOUNTS, full, tag);
	if (aliases)
		plan(q, ALIASES, name, tag);
	if (lookup_conf->system_users)
		plan(q, SYSTEM, name, tag);
}

static void
plan_local(struct query *q)
{
	const char *delimiters = lookup_conf->shared.recipient_delimiter;
	const struct slice none = { NULL, 0 };
	struct slice user, tag;
	const bool tagged =
	    address_split_tag(q->local, delimiters, &user, &tag);

	plan_name(q, q->local, none);
	if (tagged)
		plan_name(q, user, tag);
	if ((q->flags & LOOKUP_NO_ALIAS) == 0)
		plan(q, ALIASES, join(q, none, q->domain), none);
	if (slice_is(user, "postmaster"))
		plan(q, POSTMASTER, join(q, user, q->domain), tag);
}

static void
plan_foreign(struct query *q)
{
	const struct slice none = { NULL, 0 };
	struct slice rest = q->domain;

	if (!slice_starts(rest, SLICE("[")))
		for (size_t at = slice_find(rest, '.'); at < rest.n;
		     at = slice_find(rest, '.')) {
			rest = slice_from(rest, at);
			plan(q, TRANSPORTS, rest, none);
			rest = slice_from(rest, 1);
		}
	plan(q, TRANSPORTS, SLICE("*"), none);
}

/* ADDRESS in lower case, with a domain. */
static bool
take_address(struct query *q, struct slice address)
{
	const struct slice home = slice_str(lookup_conf->shared.domains.v[0]);
	struct slice local, domain;
	struct buf low;
	char *p;

	buf_init(&low, ADDRESS_MAX);
	if (!address_parse(address, ADDRESS_UTF8 | ADDRESS_BARE, &low)) {
		buf_fini(&low);
		return false;
	}
	address_split(buf_slice(&low), &local, &domain);
	q->address = domain.n > 0 ? arena_slice(&q->arena, buf_slice(&low))
				  : join(q, local, home);
	buf_fini(&low);
	/* the arena's copy is ours to change */
	p = arena_str(&q->arena, q->address);
	for (size_t i = 0; i < q->address.n; i++)
		p[i] = ascii_lower(p[i]);
	q->address = slice_of(p, q->address.n);
	address_split(q->address, &q->local, &q->domain);
	return true;
}

void
lookup_on_address(struct ipc *peer, struct msg *m)
{
	const struct slice none = { NULL, 0 };
	struct query *q = xcalloc(1, sizeof *q);

	metric_add(&asked, 1);
	arena_init(&q->arena);
	q->peer = peer;
	q->id = m->lookup_address.id;
	q->flags = m->lookup_address.flags;
	q->rq.done = on_answer;
	TAILQ_INSERT_TAIL(&lookup.queries, q, link);
	if (!take_address(q, m->lookup_address.address)) {
		refuse(q, "5.1.3", "not an address");
		return;
	}
	plan(q, TRANSPORTS, q->address, none);
	plan(q, TRANSPORTS, q->domain, none);
	if (shared_is_local(&lookup_conf->shared, q->domain))
		plan_local(q);
	else
		plan_foreign(q);
	next(q);
}

void
lookup_on_gone(struct ipc *peer)
{
	struct query *q, *after;

	for (q = TAILQ_FIRST(&lookup.queries); q != NULL; q = after) {
		after = TAILQ_NEXT(q, link);
		if (q->peer == peer)
			query_free(q);
	}
}

/* ---- start and end ---- */

static void
close_tables(struct table *tables[ACCOUNTS + 1])
{
	for (size_t i = 0; i <= ACCOUNTS; i++)
		table_free(&tables[i]);
}

int
lookup_resolve_configure(struct err *err)
{
	const char *const specs[] = {
		[TRANSPORTS] = lookup_conf->transports,
		[ALIASES] = lookup_conf->aliases,
		[ACCOUNTS] = lookup_conf->shared.accounts,
	};
	struct table *tables[ACCOUNTS + 1] = { NULL };

	for (size_t i = 0; i <= ACCOUNTS; i++) {
		tables[i] = table_open(specs[i], lookup.dir, err);
		if (tables[i] == NULL) {
			close_tables(tables);
			return -1;
		}
	}
	table_watch_stop(&lookup.watch);
	close_tables(lookup.tables);
	memcpy(lookup.tables, tables, sizeof lookup.tables);
	table_watch_start(&lookup.watch, tables, ACCOUNTS + 1);
	return 0;
}

int
lookup_resolve_start(int tables_dir, struct err *err)
{
	lookup.dir = tables_dir;
	metric_register(&asked);
	metric_register(&failed);
	ev_timer_init(&lookup.watch.timer, NULL);
	return lookup_resolve_configure(err);
}

void
lookup_resolve_stop(void)
{
	while (!TAILQ_EMPTY(&lookup.queries))
		query_free(TAILQ_FIRST(&lookup.queries));
	table_watch_stop(&lookup.watch);
	close_tables(lookup.tables);
	memset(lookup.seen, 0, sizeof lookup.seen);
	lookup_usage_clear();
}
