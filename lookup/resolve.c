/* SPDX-License-Identifier: ISC */
#include "lookup/resolve.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ev/loop.h"
#include "ipc/lookup.h"
#include "log/log.h"
#include "log/metric.h"
#include "lookup/conf.h"
#include "lookup/groups.h"
#include "lookup/mailbox.h"
#include "lookup/own.h"
#include "lookup/plan.h"
#include "lookup/site.h"
#include "lookup/srs.h"
#include "lookup/system.h"
#include "lookup/target.h"
#include "lookup/usage.h"
#include "table/alias.h"
#include "table/table.h"

/* Where the targets of an alias lead: addresses still to be asked for, then
 * those that were.  What leads further than this is let through. */
enum { WALK_MAX = 64, TARGET_MAX = 1024, COPIES_MAX = 16 << 10 };
struct resolve_walk {
	struct msg_lookup_found found; /* the answer that waits for it */
	size_t n, at;
	struct slice addresses[WALK_MAX];
};

struct query {
	TAILQ_ENTRY(query) link;
	struct resolve_walk *walk; /* in arena */
	struct query *parent; /* whose walk this look-up is part of, or NULL */
	/* Who wants it here, or NULL. */
	void (*then)(void *arg, const struct msg_lookup_found *a);
	void *arg;
	struct arena arena;
	struct ipc *peer;
	uint64_t id;
	unsigned flags;
	struct slice sender, login; /* in arena */
	struct slice from;          /* sender of a message that smtpd has */
	struct slice rewritten;     /* what the address has become */
	bool rewrites;
	bool begun;
	struct table_request rq;
	struct lookup_srs srs;
	struct lookup_plan plan;
};

static struct {
	TAILQ_HEAD(, query) queries;
	struct ev_task begin; /* those of this turn */
	struct ipc *qmgr;     /* it may keep answers; NULL: not there */
	uint64_t generation;
} lookup = { .queries = TAILQ_HEAD_INITIALIZER(lookup.queries) };

static struct metric asked = { .name = "pabal_lookup_addresses",
	.help = "Addresses that were looked up." };
static struct metric failed = { .name = "pabal_lookup_failures",
	.help = "Look-ups that failed temporarily." };

static void next(struct query *q);
static void walk_start(struct query *q, const struct msg_lookup_found *a);
static void walk_on(struct query *sub, const struct msg_lookup_found *a);

/* Whoever keeps answers must ask again. */
static void
tell_changed(void)
{
	lookup.generation++;
	if (lookup.qmgr != NULL)
		IPC_SEND(lookup.qmgr, lookup_changed,
		    .generation = lookup.generation);
}

/* ---- answers ---- */

static void
query_free(struct query *q)
{
	table_cancel(&q->rq);
	lookup_srs_cancel(&q->srs);
	TAILQ_REMOVE(&lookup.queries, q, link);
	arena_fini(&q->arena);
	free(q);
}

/* smtpd asks whether, not where to. */
static void
withhold(struct msg_lookup_found *a)
{
	const struct slice none = { NULL, 0 };

	a->uid = 0;
	a->home = a->targets = a->transport = a->nexthop = none;
	a->site = a->source = none;
}

static void refuse(struct query *q, const char *enhanced, const char *text);

/* To smtpd, which is told more of some things and less of others. */
static void
answer_smtpd(struct query *q, const struct msg_lookup_found *a)
{
	struct msg m = { .type = MSG_lookup_found, .lookup_found = *a };
	struct buf copies = { .max = COPIES_MAX };
	const bool accepted =
	    a->kind != LOOKUP_REFUSE && a->kind != LOOKUP_TEMPFAIL;

	withhold(&m.lookup_found);
	m.lookup_found.rewritten = q->rewritten;
	m.lookup_found.rewrites = q->rewrites;
	if (accepted && lookup_own_copies((q->flags & LOOKUP_REWRITE) != 0,
			    q->from, q->plan.address, &copies) == TEMPFAIL) {
		refuse(q, "4.3.0", "temporary lookup failure");
	} else {
		m.lookup_found.copies = buf_slice(&copies);
		(void)ipc_send(q->peer, &m);
		query_free(q);
	}
	buf_fini(&copies);
}

static void
answer(struct query *q, struct msg_lookup_found *a)
{
	struct msg m = { .type = MSG_lookup_found };

	a->id = q->id;
	a->ours = q->plan.is_local;
	if (a->address.n == 0)
		a->address = q->plan.address;
	if (q->parent != NULL) {
		walk_on(q, a);
		return;
	}
	if (q->then != NULL) {
		q->then(q->arg, a);
		query_free(q);
		return;
	}
	/* qmgr sees for itself what an expansion has come to. */
	if (a->kind == LOOKUP_ALIAS && q->walk == NULL &&
	    ipc_role(q->peer) != ROLE_QMGR) {
		walk_start(q, a);
		return;
	}
	if (ipc_role(q->peer) == ROLE_SMTPD) {
		answer_smtpd(q, a);
		return;
	}
	m.lookup_found = *a;
	if (a->kind == LOOKUP_RELAY && (q->flags & LOOKUP_SITE) != 0 &&
	    !slice_is(a->transport, "pipe"))
		lookup_site_send(q->peer, q->plan.domain, q->sender, q->login,
		    &m.lookup_found);
	else
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
bad_entry(struct query *q, const struct lookup_probe *p, const char *why)
{
	log_err("lookup.entry-invalid",
	    kv_s("table", table_spec(lookup_table(p->source))),
	    kv_slice("key", p->key), kv_s("why", why));
	refuse(q, "4.3.5", "temporary lookup failure");
}

/* ---- what was found ---- */

static void
found_transport(
    struct query *q, const struct lookup_probe *p, struct slice value)
{
	struct msg_lookup_found a = { .keep_ms = lookup_tables_keep_ms() };
	struct err err;

	if (lookup_target_route(value, q->plan.domain, &a, &err) == -1)
		bad_entry(q, p, err.text);
	else if (a.kind == LOOKUP_HOLD && (q->flags & LOOKUP_NO_HOLD) != 0) {
		q->plan.at++;
		next(q);
	} else
		answer(q, &a);
}

static void
found_alias(struct query *q, const struct lookup_probe *p, struct slice value)
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
		lookup_target_put(
		    q->plan.address, p->key, &list.targets[i], &targets);
	a.targets = buf_slice(&targets);
	if (targets.failed) {
		/* It will be as long tomorrow. */
		log_err("lookup.entry-invalid",
		    kv_s("table", table_spec(lookup_table(p->source))),
		    kv_slice("key", p->key),
		    kv_s("why", "the list is too long: use :include:"));
		refuse(q, "5.3.5", "the alias has too many targets");
	} else
		answer(q, &a);
	buf_fini(&targets);
}

/* Where they are asked for; false: a temporary failure. */
static bool
add_groups(struct query *q, struct msg_lookup_found *a)
{
	return (q->flags & LOOKUP_MEMBER) == 0 ||
	       lookup_groups(a->address, &q->arena, &a->groups);
}

static void
found_account(struct query *q, const struct lookup_probe *p, struct slice value)
{
	struct msg_lookup_found a = {
		.address = p->key,
		.tag = p->tag,
		.keep_ms = lookup_tables_keep_ms(),
	};
	char home[LOOKUP_HOME_MAX];
	struct err err;

	if (lookup_mailbox(
		lookup_table(p->source), p->key, value, &a, home, &err) == -1)
		bad_entry(q, p, err.text);
	else if (a.kind == LOOKUP_REFUSE)
		refuse(q, "5.2.1", "mailbox disabled, not accepting messages");
	else if (!add_groups(q, &a))
		refuse(q, "4.3.0", "temporary lookup failure");
	else
		answer(q, &a);
}

static void
found_user(struct query *q, const struct lookup_probe *p, uint32_t uid)
{
	struct msg_lookup_found a = {
		.kind = LOOKUP_MAILBOX,
		.tag = p->tag,
		.uid = uid,
		.home = SLICE("Maildir"),
		.room = UINT64_MAX,
	};

	a.address = q->plan.address;
	if (add_groups(q, &a))
		answer(q, &a);
	else
		refuse(q, "4.3.0", "temporary lookup failure");
}

/* RFC 5321 4.5.1: there is always a postmaster.  He has an alias or account
 * like others, or the address that the configuration names; where that is he
 * himself, a mailbox that is made for the first message. */
static void
found_postmaster(struct query *q, const struct lookup_probe *p)
{
	const struct slice to = slice_str(lookup_conf->shared.postmaster);
	struct msg_lookup_found a = { .kind = LOOKUP_ALIAS };
	const struct alias_target target = { ALIAS_ADDRESS, false, to };
	char home[LOOKUP_HOME_MAX];
	struct buf targets;

	buf_init(&targets, TARGET_MAX);
	if (to.n > 0 && !slice_ieq(to, p->key)) {
		lookup_target_put(q->plan.address, p->key, &target, &targets);
		a.targets = buf_slice(&targets);
		answer(q, &a);
	} else if (lookup_mailbox_made(p->key, &a, home)) {
		a.tag = p->tag;
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
		.nexthop = q->plan.domain,
		.keep_ms = lookup_tables_keep_ms(),
	};

	if (q->plan.is_local)
		refuse(q, "5.1.1", "no such user here");
	else if (lookup_target_by_sender(q->sender, &a) == TEMPFAIL)
		refuse(q, "4.3.0", "temporary lookup failure");
	else
		answer(q, &a);
}

/* One of ours that leads back to a sender is an alias for him. */
static void
on_back(struct lookup_srs *s, enum found found, struct slice address,
    const char *why)
{
	struct query *q = OUTER(s, struct query, srs);
	struct msg_lookup_found a = { .kind = LOOKUP_ALIAS };
	const struct alias_target target = { ALIAS_ADDRESS, false, address };
	struct buf targets = { .max = TARGET_MAX };

	if (found == FOUND) {
		alias_put(&target, &targets);
		a.targets = buf_slice(&targets);
		answer(q, &a);
	} else if (found == TEMPFAIL) {
		refuse(q, "4.3.0", "temporary lookup failure");
	} else {
		log_info("srs.refused", kv_slice("address", q->plan.address),
		    kv_s("why", why));
		refuse(q, "5.1.1", "no such user here");
	}
	buf_fini(&targets);
}

/* ---- asking ---- */

static void
on_answer(struct table_request *rq, enum found found, struct slice value)
{
	struct query *q = OUTER(rq, struct query, rq);
	const struct lookup_probe *p = &q->plan.probes[q->plan.at];
	const struct table *t = lookup_table(p->source);

	found = lookup_table_found(p->source, found);
	if (found == TEMPFAIL) {
		table_log_problem(t);
		refuse(q, "4.3.0", "temporary lookup failure");
	} else if (found == ABSENT) {
		q->plan.at++;
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
	while (q->plan.at < q->plan.n) {
		const struct lookup_probe *p = &q->plan.probes[q->plan.at];

		if (lookup_table_is_missing(p->source)) {
			q->plan.at++;
			continue;
		}
		if (p->source <= ACCOUNTS) {
			table_find(lookup_table(p->source), p->key, &q->rq);
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
		q->plan.at++;
	}
	found_nothing(q);
}

/* ---- a query ---- */

static struct query *
query_new(struct ipc *peer, unsigned flags)
{
	struct query *q = xcalloc(1, sizeof *q);

	arena_init(&q->arena);
	q->peer = peer;
	q->flags = flags;
	q->rq.done = on_answer;
	TAILQ_INSERT_TAIL(&lookup.queries, q, link);
	return q;
}

static void
query_start(struct query *q, struct slice address)
{
	q->begun = true;
	switch (lookup_plan_make(&q->plan, address, q->flags, &q->arena)) {
	case PLAN_MADE:
		if (!lookup_srs_back(&q->srs, address, on_back))
			next(q);
		return;
	case PLAN_NO_ADDRESS:
		refuse(q, "5.1.3", "bad address syntax");
		return;
	case PLAN_TEMPFAIL:
		refuse(q, "4.3.0", "temporary lookup failure");
		return;
	}
}

/* Q's own address, which smtpd may want to be rewritten first. */
static void
query_begin(struct query *q)
{
	const struct slice address = q->plan.address;
	struct buf now = { .max = TARGET_MAX };
	enum found found = ABSENT;

	if ((q->flags & LOOKUP_REWRITE) != 0)
		found = lookup_own_rcpt(address, &now, &q->rewrites);
	q->rewritten = arena_slice(&q->arena, buf_slice(&now));
	buf_fini(&now);
	if (found != TEMPFAIL) {
		query_start(
		    q, q->rewritten.n > 0 ? q->rewritten : q->plan.address);
		return;
	}
	q->begun = true;
	refuse(q, "4.3.0", "temporary lookup failure");
}

void
lookup_resolve(struct ipc *peer, struct slice address,
    void (*then)(void *arg, const struct msg_lookup_found *a), void *arg)
{
	struct query *q = query_new(peer, 0);

	q->then = then;
	q->arg = arg;
	query_start(q, arena_slice(&q->arena, address));
}

void
lookup_on_address(struct ipc *peer, struct msg *m)
{
	struct query *q = query_new(peer, m->lookup_address.flags);

	metric_add(&asked, 1);
	if (ipc_role(peer) == ROLE_QMGR)
		lookup.qmgr = peer;
	q->id = m->lookup_address.id;
	q->plan.address = arena_slice(&q->arena, m->lookup_address.address);
	*(ipc_role(peer) == ROLE_SMTPD ? &q->from : &q->sender) =
	    arena_slice(&q->arena, m->lookup_address.sender);
	q->login = arena_slice(&q->arena, m->lookup_address.login);
	ev_task_queue(&lookup.begin);
}

static struct query *
first_waiting(void)
{
	struct query *q;

	TAILQ_FOREACH(q, &lookup.queries, link)
	if (!q->begun)
		return q;
	return NULL;
}

/* The queries of a turn, behind the word that tables have changed. */
static void
on_begin(struct ev_task *task)
{
	struct query *q;

	(void)task;
	lookup_tables_look();
	while ((q = first_waiting()) != NULL)
		query_begin(q);
}

/* ---- aliases that lead only to themselves ---- */

static bool
walk_knows(const struct query *q, struct slice address)
{
	for (size_t i = 0; i < q->walk->n; i++)
		if (slice_ieq(q->walk->addresses[i], address))
			return true;
	return slice_ieq(q->plan.address, address);
}

/* Add what TARGETS name.  True: one of them is no local address that could be
 * an alias again, so mail comes to an end there. */
static bool
walk_add(struct query *q, struct slice targets)
{
	struct resolve_walk *w = q->walk;
	struct cur c = cur_of(targets);
	struct alias_target t;

	while (alias_next(&c, &t)) {
		if (t.kind != ALIAS_ADDRESS || t.final ||
		    lookup_plan_ours(t.text) != FOUND)
			return true;
		if (walk_knows(q, t.text))
			continue;
		if (w->n == WALK_MAX)
			return true;
		w->addresses[w->n++] = arena_slice(&q->arena, t.text);
	}
	return false;
}

static void
walk_next(struct query *q)
{
	struct query *sub;

	if (q->walk->at == q->walk->n) {
		refuse(q, "5.4.6", "the alias expands only to itself");
		return;
	}
	sub = query_new(q->peer, 0);
	sub->parent = q;
	query_start(sub, q->walk->addresses[q->walk->at++]);
}

static void
walk_go(struct query *q, bool ends)
{
	if (ends)
		answer(q, &q->walk->found);
	else
		walk_next(q);
}

/* What SUB asked for is A.  What is refused is an end as well: that is said to
 * the sender in its own words. */
static void
walk_on(struct query *sub, const struct msg_lookup_found *a)
{
	struct query *q = sub->parent;
	const bool ends = a->kind != LOOKUP_ALIAS || walk_add(q, a->targets);

	query_free(sub);
	walk_go(q, ends);
}

static void
walk_start(struct query *q, const struct msg_lookup_found *a)
{
	struct resolve_walk *w = arena_new(&q->arena, struct resolve_walk);

	w->found = *a;
	w->found.address = arena_slice(&q->arena, a->address);
	w->found.tag = arena_slice(&q->arena, a->tag);
	w->found.targets = arena_slice(&q->arena, a->targets);
	q->walk = w;
	walk_go(q, walk_add(q, w->found.targets));
}

void
lookup_on_gone(struct ipc *peer)
{
	struct query *q, *after;

	if (lookup.qmgr == peer)
		lookup.qmgr = NULL;
	for (q = TAILQ_FIRST(&lookup.queries); q != NULL; q = after) {
		after = TAILQ_NEXT(q, link);
		if (q->peer == peer)
			query_free(q);
	}
}

/* ---- start and end ---- */

int
lookup_resolve_configure(struct err *err)
{
	return lookup_tables_configure(err);
}

int
lookup_resolve_try(int tables_dir, struct err *err)
{
	return lookup_tables_try(tables_dir, err);
}

int
lookup_resolve_start(int tables_dir, struct err *err)
{
	metric_register(&asked);
	metric_register(&failed);
	ev_task_init(&lookup.begin, on_begin);
	return lookup_tables_start(tables_dir, tell_changed, err);
}

void
lookup_resolve_stop(void)
{
	while (!TAILQ_EMPTY(&lookup.queries))
		query_free(TAILQ_FIRST(&lookup.queries));
	ev_task_cancel(&lookup.begin);
	lookup_tables_stop();
	lookup_usage_clear();
}
