/* SPDX-License-Identifier: ISC */
#include "sieve/actions.h"

#include "base/buf.h"
#include "sieve/address.h"
#include "sieve/exec.h"

void
sieve_actions_message(struct sieve_exec *x, struct sieve_action *a)
{
	struct sieve_message *const m = x->message;

	if (!m->edited)
		return;
	if (x->kept_version != m->version) {
		x->kept_version = m->version;
		x->kept_head = sieve_exec_keep(x, sieve_message_head(m));
		x->kept_body = sieve_message_body(m);
		if (m->body_edited)
			x->kept_body = sieve_exec_keep(x, x->kept_body);
	}
	a->head = x->kept_head;
	a->body = x->kept_body;
}

static bool
is_reject(enum sieve_action_kind k)
{
	return k == SIEVE_REJECT || k == SIEVE_EREJECT;
}

static bool
is_delivery(const struct sieve_action *a)
{
	return a->kind == SIEVE_KEEP || a->kind == SIEVE_FILEINTO ||
	       a->kind == SIEVE_REDIRECT;
}

/* What RFC 5429 2.5 and RFC 5230 4.7 have exclude each other. */
static bool
conflict(const struct sieve_action *a, const struct sieve_action *b)
{
	if (is_reject(a->kind))
		return is_reject(b->kind) || is_delivery(b) ||
		       b->kind == SIEVE_VACATION;
	return a->kind == SIEVE_VACATION && b->kind == SIEVE_VACATION;
}

static struct slice
store_of(const struct sieve_action *a)
{
	return a->kind == SIEVE_KEEP ? SLICE("INBOX") : a->mailbox;
}

/* INBOX has no case (RFC 9051 5.1). */
static bool
same_mailbox(struct slice a, struct slice b)
{
	return slice_eq(a, b) ||
	       (slice_iis(a, "inbox") && slice_iis(b, "inbox"));
}

static bool
same(const struct sieve_action *a, const struct sieve_action *b)
{
	const bool stores = a->kind == SIEVE_KEEP || a->kind == SIEVE_FILEINTO;

	if (stores)
		return (b->kind == SIEVE_KEEP || b->kind == SIEVE_FILEINTO) &&
		       same_mailbox(store_of(a), store_of(b)) &&
		       slice_eq(a->special_use, b->special_use) &&
		       slice_eq(a->mailbox_id, b->mailbox_id);
	return a->kind == SIEVE_REDIRECT && b->kind == SIEVE_REDIRECT &&
	       slice_eq(a->address, b->address);
}

static int
check_limits(struct sieve_exec *x, const struct sieve_action *a)
{
	struct sieve_result *const r = x->result;

	if ((a->kind == SIEVE_NOTIFY && x->limits->notifications == 0) ||
	    (a->kind == SIEVE_REDIRECT && x->limits->redirects == 0))
		return sieve_exec_fail(x,
		    "local policy prohibits the use of a %s action",
		    sieve_result_name(a->kind));
	if (r->nactions >= x->limits->actions)
		return sieve_exec_fail(
		    x, "total number of actions exceeds policy limit");
	if (a->kind == SIEVE_REDIRECT && r->nredirects >= x->limits->redirects)
		return sieve_exec_fail(
		    x, "number of redirect actions exceeds policy limit");
	if (a->kind == SIEVE_NOTIFY && r->nnotifies >= x->limits->notifications)
		return sieve_exec_fail(
		    x, "number of notify actions exceeds policy limit");
	r->nactions++;
	r->nredirects += a->kind == SIEVE_REDIRECT;
	r->nnotifies += a->kind == SIEVE_NOTIFY;
	return 0;
}

int
sieve_actions_add(
    struct sieve_exec *x, const struct sieve_action *a, bool *twice)
{
	struct sieve_result *const r = x->result;
	struct sieve_action *new;

	*twice = false;
	for (struct sieve_action *b = r->first; b != NULL; b = b->next) {
		if (b->settled && conflict(a, b)) {
			/* It was carried out already: as if it were not there,
			 * or the same once more. */
			*twice = is_reject(a->kind) == is_reject(b->kind);
			if (*twice)
				return 0;
			continue;
		}
		if (!b->settled && (conflict(a, b) || conflict(b, a)))
			return sieve_exec_fail(x,
			    "%s does not go with %s of line %u",
			    sieve_result_name(a->kind),
			    sieve_result_name(b->kind), b->line);
		if (!same(a, b))
			continue;
		*twice = true;
		if (a->flags.p != NULL)
			b->flags = a->flags;
		b->create = b->create || a->create;
		return 0;
	}
	if (check_limits(x, a) == -1)
		return -1;
	new = arena_new(&r->arena, struct sieve_action);
	*new = *a;
	new->line = x->line;
	new->next = NULL;
	*r->tail = new;
	r->tail = &new->next;
	return 0;
}

int
sieve_actions_sender(
    struct sieve_exec *x, struct slice *from, struct slice instead)
{
	struct sieve_env *const env = x->env;
	enum found found = FOUND;
	struct slice address;

	if (from->n == 0 || env->calls == NULL || env->calls->sender == NULL)
		return 0;
	if (!sieve_address_parse(&x->tmp, *from, true, &address))
		found = ABSENT;
	else if (!slice_ieq(address, env->owner))
		found = env->calls->sender(env, address);
	if (found == TEMPFAIL)
		return sieve_exec_later(x, "addresses");
	if (found == FOUND)
		return 0;
	sieve_exec_trace(x, "  not from %.*s: the account may not send as it",
	    SLICE_FMT(*from));
	*from = instead;
	return 0;
}

struct slice
sieve_actions_flags(struct sieve_exec *x)
{
	if (x->flags.n == 0 && x->env->flags.n == 0)
		return slice_of(NULL, 0);
	return arena_slice(&x->result->arena, buf_slice(&x->flags));
}

void
sieve_actions_finish(struct sieve_exec *x)
{
	struct sieve_result *const r = x->result;
	struct sieve_action *keep;

	if (r->status != SIEVE_DONE) {
		r->first = NULL;
		r->tail = &r->first;
		r->kept = false;
	}
	if (r->status == SIEVE_DONE) {
		struct sieve_action last = { 0 };

		sieve_actions_message(x, &last);
		r->head = last.head;
		r->body = last.body;
		r->flags = sieve_exec_keep(x, buf_slice(&x->flags));
	}
	if (r->kept || r->status == SIEVE_LATER ||
	    (x->env->more && r->status == SIEVE_DONE))
		return;
	for (const struct sieve_action *a = r->first; a != NULL; a = a->next)
		if (a->kind == SIEVE_KEEP)
			return;
	keep = arena_new(&r->arena, struct sieve_action);
	keep->implicit = true;
	if (r->status == SIEVE_DONE) {
		keep->flags = sieve_actions_flags(x);
		sieve_actions_message(x, keep);
	}
	*r->tail = keep;
	r->tail = &keep->next;
}
