/* SPDX-License-Identifier: ISC */
/*
 * A recipient's state in a round, and what may follow it (rcpt_test.c reads
 * this and tries each pair):
 *
 *   PENDING   -> RESOLVING
 *   RESOLVING -> QUEUED DEFERRED FAILED EXPANDED
 *   RESOLVING -> DISCARDED                (by the table transports)
 *   QUEUED    -> QUEUED SENT DEFERRED     (again: it did not fit in a job)
 *   SENT      -> DELIVERED RELAYED DEFERRED FAILED EXPANDED
 *   DEFERRED  -> FAILED DISCARDED         (too old; an administrator's order)
 *   FAILED    -> REPORTED DISCARDED       (told; nobody wants to know)
 *   FAILED    -> DEFERRED                 (its report cannot be written now)
 *   EXPANDED  -> FAILED                   (it leads only to itself)
 *   DELIVERED ->
 *   RELAYED   ->
 *   REPORTED  ->
 *   DISCARDED ->
 */
#include "qmgr/queue/rcpt.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "ipc/msg.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/notify.h"
#include "table/alias.h"

/* ---- states ---- */

#define BIT(state) (1U << RCPT_##state)

/* What may follow what. */
static const unsigned next_states[RCPT_STATES] = {
	[RCPT_PENDING] = BIT(RESOLVING),
	[RCPT_RESOLVING] = BIT(QUEUED) | BIT(DEFERRED) | BIT(FAILED) |
			   BIT(EXPANDED) | BIT(DISCARDED),
	/* again: it did not fit in a job */
	[RCPT_QUEUED] = BIT(QUEUED) | BIT(SENT) | BIT(DEFERRED),
	[RCPT_SENT] = BIT(DELIVERED) | BIT(RELAYED) | BIT(DEFERRED) |
		      BIT(FAILED) | BIT(EXPANDED),
	/* too old, or an administrator's order */
	[RCPT_DEFERRED] = BIT(FAILED) | BIT(DISCARDED),
	/* its report is written, cannot be written, or nobody wants it */
	[RCPT_FAILED] = BIT(REPORTED) | BIT(DEFERRED) | BIT(DISCARDED),
	/* it leads only to itself */
	[RCPT_EXPANDED] = BIT(FAILED),
};

static const char *const state_names[RCPT_STATES] = {
	[RCPT_PENDING] = "pending",
	[RCPT_RESOLVING] = "resolving",
	[RCPT_QUEUED] = "queued",
	[RCPT_SENT] = "sent",
	[RCPT_DEFERRED] = "deferred",
	[RCPT_FAILED] = "failed",
	[RCPT_EXPANDED] = "expanded",
	[RCPT_DELIVERED] = "delivered",
	[RCPT_RELAYED] = "relayed",
	[RCPT_REPORTED] = "reported",
	[RCPT_DISCARDED] = "discarded",
};

static void
set_state(struct rcpt *r, enum rcpt_state to)
{
	r->state = to;
	if (rcpt_is_final(r)) {
		r->message->promised -= r->promised;
		r->promised = 0;
	}
}

void
rcpt_enter(struct rcpt *r, enum rcpt_state to)
{
	must((next_states[r->state] & 1U << to) != 0);
	set_state(r, to);
}

void
rcpt_say(struct rcpt *r, enum job_status status, struct slice dsn,
    struct slice host, struct slice text)
{
	struct arena *a = &r->message->arena;

	r->status = status;
	r->dsn = arena_slice(a, slice_sub(dsn, 0, 16));
	r->host = arena_slice(a, slice_sub(host, 0, 300));
	r->text = arena_slice(a, slice_sub(text, 0, 1000));
}

void
rcpt_restore(struct rcpt *r, enum job_status status)
{
	r->status = status;
	switch (status) {
	case JOB_DELIVERED:
		set_state(r, RCPT_DELIVERED);
		return;
	case JOB_RELAYED:
		set_state(r, RCPT_RELAYED);
		return;
	case JOB_EXPANDED:
		set_state(r, RCPT_EXPANDED);
		return;
	case JOB_PERMFAIL: /* written when the report was */
		set_state(r, rcpt_failed_end(r));
		return;
	case JOB_TEMPFAIL:
	default:
		set_state(r, RCPT_PENDING);
	}
}

bool
rcpt_is_settled(const struct rcpt *r)
{
	return r->state >= RCPT_DEFERRED;
}

bool
rcpt_is_final(const struct rcpt *r)
{
	return r->state >= RCPT_EXPANDED;
}

enum rcpt_state
rcpt_failed_end(const struct rcpt *r)
{
	return notify_wanted(r, NOTIFY_FAILURE) ? RCPT_REPORTED
						: RCPT_DISCARDED;
}

/* ---- the recipients of a message ---- */

/* The rest of a long list, ":include:+N/TOTAL:/path" (pipe/include.h). */
static bool
is_rest(struct slice target, uint32_t *members)
{
	struct cur c = cur_of(target);
	uint64_t from, total;

	*members = 0;
	cur_lit(&c, ":include:+");
	if (!cur_ok(&c))
		return false;
	from = cur_u64(&c, ALIAS_TARGETS_MAX);
	if (cur_try_byte(&c, '/')) {
		total = cur_u64(&c, ALIAS_TARGETS_MAX);
		if (cur_ok(&c) && total > from)
			*members = (uint32_t)(total - from);
	}
	return true;
}

static uint32_t
parent_of(const struct message *m, struct slice text)
{
	struct cur c = cur_of(text);
	const uint64_t v = cur_u64(&c, UINT32_MAX);

	return cur_end(&c) && v < m->nrcpts ? (uint32_t)v : RCPT_NO_PARENT;
}

/* By lower case address and target, so that an expansion is linear; made when
 * it is first needed, because few messages expand. */
static void
key_of(struct buf *key, struct slice address, struct slice target)
{
	buf_init(key, MSG_MAX_BYTES);
	for (size_t i = 0; i < address.n; i++)
		buf_addc(key, ascii_lower(address.p[i]));
	buf_addc(key, '\0');
	buf_add(key, target);
}

static void
index_add(struct message *m, struct rcpt *r)
{
	struct buf key;

	key_of(&key, r->env.address, r->env.target);
	if (map_find(&m->by_address, buf_slice(&key)) == NULL)
		map_put(&m->by_address, buf_slice(&key), r);
	buf_fini(&key);
}

static void
index_del(struct message *m, const struct rcpt *r)
{
	struct buf key;

	key_of(&key, r->env.address, r->env.target);
	if (map_find(&m->by_address, buf_slice(&key)) == r)
		map_del(&m->by_address, buf_slice(&key));
	buf_fini(&key);
}

struct rcpt *
rcpt_find(struct message *m, struct slice address, struct slice target)
{
	struct buf key;
	struct rcpt *r;

	if (m->by_address.count == 0)
		for (size_t i = 0; i < m->nrcpts; i++)
			index_add(m, m->rcpts[i]);
	key_of(&key, address, target);
	r = map_find(&m->by_address, buf_slice(&key));
	buf_fini(&key);
	return r;
}

struct rcpt *
rcpt_add(struct message *m, const struct envelope_rcpt *env)
{
	struct rcpt *r = arena_new(&m->arena, struct rcpt);
	bool rest;

	/* The table grows by doubling at powers of two. */
	if ((m->nrcpts & (m->nrcpts - 1)) == 0)
		m->rcpts = xreallocarray(m->rcpts,
		    m->nrcpts > 0 ? m->nrcpts * 2 : 1, sizeof(struct rcpt *));
	/* Nothing is delivered before an agent says so. */
	*r = (struct rcpt){ .message = m,
		.env = *env,
		.number = (uint32_t)m->nrcpts,
		.parent = parent_of(m, env->parent),
		.state = RCPT_PENDING,
		.status = JOB_TEMPFAIL };
	/* Parts of a list follow each other on one level. */
	rest = is_rest(env->target, &r->promised);
	if (r->parent != RCPT_NO_PARENT)
		r->depth =
		    (uint8_t)(m->rcpts[r->parent]->depth + (rest ? 0 : 1));
	m->promised += r->promised;
	m->rcpts[m->nrcpts++] = r;
	if (m->by_address.count > 0)
		index_add(m, r);
	return r;
}

struct rcpt *
rcpt_add_child(struct message *m, const struct rcpt *parent,
    struct slice address, struct slice target, uint32_t uid)
{
	struct buf number = { .max = 16 };
	struct envelope_rcpt env = { .address = arena_slice(&m->arena, address),
		.orcpt = parent->env.orcpt,
		.notify = parent->env.notify,
		.target = arena_slice(&m->arena, target),
		.uid = uid };

	buf_addu(&number, parent->number);
	env.parent = arena_slice(&m->arena, buf_slice(&number));
	buf_fini(&number);
	return rcpt_add(m, &env);
}

void
rcpt_undo(struct message *m, size_t n)
{
	for (size_t i = n; i < m->nrcpts; i++) {
		must(m->rcpts[i]->state == RCPT_PENDING);
		m->promised -= m->rcpts[i]->promised;
		index_del(m, m->rcpts[i]);
	}
	m->nrcpts = n;
}

void
rcpt_set_also(struct rcpt *parent, const uint32_t *to, size_t n)
{
	struct arena *a = &parent->message->arena;

	parent->also = n > 0 ? arena_alloc(a, n * sizeof *to) : NULL;
	parent->nalso = (uint32_t)n;
	if (n > 0)
		memcpy(parent->also, to, n * sizeof *to);
}

const struct rcpt *
rcpt_root(const struct rcpt *r)
{
	while (r->parent != RCPT_NO_PARENT)
		r = r->message->rcpts[r->parent];
	return r;
}

/* ---- where expansions lead ---- */

/* Who leads to whom, read backwards: the parents of recipient I are
 * from[first[I]] to from[first[I + 1] - 1]. */
struct leads {
	size_t n;
	uint32_t *first;
	uint32_t *from;
	bool *real; /* ends somewhere, or leads to one that does */
};

static void
count_leads(struct leads *l, const struct message *m)
{
	for (size_t i = 0; i < m->nrcpts; i++) {
		const struct rcpt *r = m->rcpts[i];

		if (r->parent != RCPT_NO_PARENT)
			l->first[r->number + 1]++;
		for (uint32_t k = 0; k < r->nalso; k++)
			l->first[r->also[k] + 1]++;
	}
	for (size_t i = 0; i < m->nrcpts; i++)
		l->first[i + 1] += l->first[i];
}

static void
fill_leads(struct leads *l, const struct message *m)
{
	uint32_t *at = xcalloc(m->nrcpts + 1, sizeof *at);

	memcpy(at, l->first, m->nrcpts * sizeof *at);
	for (size_t i = 0; i < m->nrcpts; i++) {
		const struct rcpt *r = m->rcpts[i];

		if (r->parent != RCPT_NO_PARENT)
			l->from[at[r->number]++] = r->parent;
		for (uint32_t k = 0; k < r->nalso; k++)
			l->from[at[r->also[k]]++] = r->number;
	}
	free(at);
}

/* From the ends, backwards. */
static void
spread(struct leads *l, const struct message *m)
{
	uint32_t *todo = xcalloc(m->nrcpts + 1, sizeof *todo);
	size_t n = 0;

	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i]->state != RCPT_EXPANDED) {
			l->real[i] = true;
			todo[n++] = (uint32_t)i;
		}
	while (n > 0) {
		const uint32_t i = todo[--n];

		for (uint32_t k = l->first[i]; k < l->first[i + 1]; k++)
			if (!l->real[l->from[k]]) {
				l->real[l->from[k]] = true;
				todo[n++] = l->from[k];
			}
	}
	free(todo);
}

static void
leads_init(struct leads *l, const struct message *m)
{
	*l = (struct leads){ .n = m->nrcpts };
	l->first = xcalloc(m->nrcpts + 1, sizeof *l->first);
	l->real = xcalloc(m->nrcpts + 1, sizeof *l->real);
	count_leads(l, m);
	l->from = xcalloc(l->first[m->nrcpts] + (size_t)1, sizeof *l->from);
	fill_leads(l, m);
	spread(l, m);
}

static void
leads_fini(struct leads *l)
{
	free(l->first);
	free(l->from);
	free(l->real);
}

static bool
any_expanded(const struct message *m)
{
	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i]->state == RCPT_EXPANDED)
			return true;
	return false;
}

void
rcpt_each_loop(struct message *m, void (*fn)(struct rcpt *r))
{
	struct leads l;
	bool *covered; /* one above it has failed as a loop */

	if (!any_expanded(m))
		return;
	leads_init(&l, m);
	covered = xcalloc(m->nrcpts, sizeof *covered);
	/* A parent comes before its children; one that has children and is not
	 * expanded any more has failed. */
	for (size_t i = 0; i < m->nrcpts; i++) {
		const uint32_t p = m->rcpts[i]->parent;

		covered[i] =
		    p != RCPT_NO_PARENT &&
		    (covered[p] || m->rcpts[p]->state != RCPT_EXPANDED);
		if (!l.real[i] && !covered[i]) {
			covered[i] = true;
			fn(m->rcpts[i]);
		}
	}
	free(covered);
	leads_fini(&l);
}

/* ---- leaving ---- */

static struct rcpt *loop_found;

static void
on_loop(struct rcpt *r)
{
	loop_found = r;
}

bool
rcpt_may_leave(struct message *m, struct err *err)
{
	const struct rcpt *bad = NULL;

	for (size_t i = 0; i < m->nrcpts && bad == NULL; i++)
		if (!rcpt_is_final(m->rcpts[i]))
			bad = m->rcpts[i];
	loop_found = NULL;
	if (bad == NULL)
		rcpt_each_loop(m, on_loop);
	if (bad == NULL)
		bad = loop_found;
	if (bad == NULL)
		return true;
	err_set(err, ERR_PERM, "recipient %u (%.*s) is %s", bad->number,
	    SLICE_FMT(slice_sub(bad->env.address, 0, 150)),
	    bad->state == RCPT_EXPANDED ? "expanded to nothing"
					: state_names[bad->state]);
	return false;
}
