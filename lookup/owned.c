/* SPDX-License-Identifier: ISC */
#include "lookup/owned.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "conf/shared.h"
#include "ipc/lookup.h"
#include "lookup/conf.h"
#include "lookup/plan.h"
#include "lookup/resolve.h"
#include "lookup/rewrite.h"
#include "lookup/tables.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "table/alias.h"
#include "table/reader.h"
#include "table/table.h"

/* Of one address: itself, and where its aliases lead. */
enum {
	WALK_MAX = 64,
	FOREIGN_MAX = 64, /* that are told of; no more is looked for */
};

/* A question of a peer. */
struct owned {
	TAILQ_ENTRY(owned) link;
	struct ipc *peer;
	uint64_t id;
	struct arena arena;
	struct slice login, rest; /* addresses that are still to be asked for */
	struct slice line;        /* the one at hand, as it came */
	struct slice address;     /* it, or what it is rewritten to */
	struct buf foreign;       /* those that are not his, lines */
	unsigned nforeign;
	struct slice walk[WALK_MAX];
	size_t n, at;
	bool alone;     /* what others have as well is not meant */
	bool as_made;   /* address is what it is rewritten to */
	bool rewritten; /* some are his only so */
};

static TAILQ_HEAD(, owned) open_questions = TAILQ_HEAD_INITIALIZER(
    open_questions);

static void
owned_free(struct owned *o)
{
	TAILQ_REMOVE(&open_questions, o, link);
	buf_fini(&o->foreign);
	arena_fini(&o->arena);
	free(o);
}

static void
reply(struct owned *o, enum found found)
{
	IPC_SEND(o->peer, lookup_owned_by, .id = o->id,
	    .found = (uint32_t)found, .address = buf_slice(&o->foreign),
	    .rewritten = o->rewritten);
	owned_free(o);
}

/* ---- his own, or given to him ---- */

/* ADDRESS in the form in which addresses are compared. */
static struct slice
plain(struct owned *o, struct slice address)
{
	struct buf ascii = { .max = ADDRESS_MAX };
	const bool ok = domain_address_to_ascii(address, &ascii);
	const struct slice s =
	    arena_lower(&o->arena, ok ? buf_slice(&ascii) : address);

	buf_fini(&ascii);
	return s;
}

static bool
is_own(const struct owned *o, struct slice address)
{
	struct slice local, domain, user, tag, his, at;

	address_split(address, &local, &domain);
	address_split(o->login, &his, &at);
	(void)address_split_tag(
	    local, lookup_conf->shared.recipient_delimiter, &user, &tag);
	return slice_eq(domain, at) &&
	       (slice_eq(local, his) || slice_eq(user, his));
}

/* Is the login among the words that the table has for KEY? */
static enum found
find_given(struct owned *o, struct slice key)
{
	struct table *t = lookup_table(LOOKUP_SENDERS);
	struct buf value = { .max = TABLE_VALUE_MAX };
	enum found found =
	    lookup_table_found(LOOKUP_SENDERS, table_get(t, key, &value, NULL));
	struct slice rest = buf_slice(&value);
	bool his = false;

	if (found == TEMPFAIL)
		table_log_problem(t);
	while (found == FOUND && rest.n > 0 && !his)
		his = slice_eq(plain(o, slice_cut(rest, ' ', &rest)), o->login);
	buf_fini(&value);
	return found == FOUND && !his ? ABSENT : found;
}

static enum found
is_given(struct owned *o, struct slice address)
{
	struct slice local, domain;
	enum found found = find_given(o, address);

	address_split(address, &local, &domain);
	if (found == ABSENT && domain.n > 0)
		found = find_given(
		    o, slice_of(domain.p - 1, domain.n + 1)); /* @domain */
	return found;
}

/* ---- where aliases lead ---- */

static void next_address(struct owned *o);
static void walk_on(struct owned *o);
static void look(struct owned *o);

/* It is his. */
static void
take_his(struct owned *o)
{
	o->rewritten |= o->as_made;
	next_address(o);
}

/* What ADDRESS becomes as a sender, wherever it stands: the same in envelope
 * and header. */
static enum found
rewrite_sender(struct slice address, struct buf *made)
{
	struct buf other = { .max = ADDRESS_MAX };
	enum found found = lookup_rewrite(LOOKUP_HEADER_SENDER, address, made);

	if (found == FOUND)
		found = lookup_rewrite(LOOKUP_ENVELOPE_SENDER, address, &other);
	if (found == FOUND && !slice_eq(buf_slice(made), buf_slice(&other)))
		found = ABSENT;
	buf_fini(&other);
	return found;
}

/* It is not, unless it is rewritten to one that is.  Only smtpd has anything
 * rewritten, and wants to know of more than one. */
static void
take_foreign(struct owned *o)
{
	const bool smtpd = ipc_role(o->peer) == ROLE_SMTPD;
	struct buf made = { .max = ADDRESS_MAX };
	enum found found = ABSENT;

	if (!o->as_made && smtpd)
		found = rewrite_sender(o->line, &made);
	if (found == FOUND)
		o->address = plain(o, buf_slice(&made));
	buf_fini(&made);
	if (found == TEMPFAIL) {
		reply(o, TEMPFAIL);
	} else if (found == FOUND) {
		o->as_made = true;
		look(o);
	} else {
		buf_add(&o->foreign, o->line);
		buf_addc(&o->foreign, '\n');
		if (smtpd && ++o->nforeign < FOREIGN_MAX)
			next_address(o);
		else
			reply(o, ABSENT);
	}
}

/* A list is nobody's alone. */
static bool
is_list(struct slice targets)
{
	struct cur c = cur_of(targets);
	struct alias_target t;
	size_t n = 0;

	while (alias_next(&c, &t))
		n++;
	return n > 1;
}

static void
add_targets(struct owned *o, struct slice targets)
{
	struct cur c = cur_of(targets);
	struct alias_target t;

	while (alias_next(&c, &t)) {
		struct slice address;
		bool known = false;

		if (t.kind != ALIAS_ADDRESS)
			continue;
		address = plain(o, t.text);
		for (size_t i = 0; i < o->n; i++)
			known = known || slice_eq(o->walk[i], address);
		if (!known && o->n < WALK_MAX)
			o->walk[o->n++] = address;
	}
}

static void
on_found(void *arg, const struct msg_lookup_found *a)
{
	struct owned *o = arg;

	if (a->kind == LOOKUP_TEMPFAIL) {
		reply(o, TEMPFAIL);
		return;
	}
	if (a->kind == LOOKUP_MAILBOX &&
	    slice_eq(plain(o, a->address), o->login)) {
		take_his(o);
		return;
	}
	if (a->kind == LOOKUP_ALIAS && !(o->alone && is_list(a->targets)))
		add_targets(o, a->targets);
	walk_on(o);
}

static void
walk_on(struct owned *o)
{
	if (o->at == o->n) {
		take_foreign(o);
		return;
	}
	lookup_resolve(o->peer, o->walk[o->at++], on_found, o);
}

/* Whose is the address at hand? */
static void
look(struct owned *o)
{
	enum found given = FOUND;

	if (!is_own(o, o->address))
		given = o->alone ? ABSENT : is_given(o, o->address);
	if (given == FOUND) {
		take_his(o);
	} else if (given == TEMPFAIL) {
		reply(o, TEMPFAIL);
	} else {
		o->walk[0] = o->address;
		o->n = 1;
		o->at = 0;
		walk_on(o);
	}
}

static void
next_address(struct owned *o)
{
	do
		o->line = slice_cut(o->rest, '\n', &o->rest);
	while (o->line.n == 0 && o->rest.n > 0);
	if (o->line.n == 0) {
		reply(o, o->foreign.n == 0 ? FOUND : ABSENT);
		return;
	}
	o->address = plain(o, o->line);
	o->as_made = false;
	look(o);
}

void
lookup_on_owned(struct ipc *peer, struct msg *m)
{
	const struct msg_lookup_owned *in = &m->lookup_owned;
	struct owned *o = xcalloc(1, sizeof *o);

	o->peer = peer;
	o->id = in->id;
	o->alone = in->alone;
	arena_init(&o->arena);
	buf_init(&o->foreign, FOREIGN_MAX * (ADDRESS_MAX + 1));
	TAILQ_INSERT_TAIL(&open_questions, o, link);
	o->login = plain(o, in->login);
	o->rest = arena_slice(&o->arena, in->addresses);
	lookup_tables_look();
	next_address(o);
}

void
lookup_owned_on_gone(struct ipc *peer)
{
	struct owned *o, *next;

	for (o = TAILQ_FIRST(&open_questions); o != NULL; o = next) {
		next = TAILQ_NEXT(o, link);
		if (o->peer == peer)
			owned_free(o);
	}
}
