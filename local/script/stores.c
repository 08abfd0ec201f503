/* SPDX-License-Identifier: ISC */
/* The mailboxes that a script wants a message in. */
#include <stdio.h>

#include "base/mem.h"
#include "local/deliver.h"
#include "local/message.h"
#include "local/script/inner.h"
#include "local/script/place.h"
#include "script/answer.h"
#include "script/verdict.h"

enum { NAME_MAX_BYTES = 2000 };

/* One that is under way. */
struct script_store {
	struct local_store store;
	struct script_run *run;
	bool notice;   /* to the owner */
	char what[16]; /* its name among what was done */
	bool stored;
};

static void (*on_done)(struct script_run *r);

/* ---- the end ---- */

static void
on_stored(struct local_store *s, const struct err *err)
{
	struct script_store *ss = OUTER(s, struct script_store, store);
	struct script_run *r = ss->run;

	r->damaged |= s->damaged;
	if (err != NULL && !ss->notice && r->err.class == ERR_NONE)
		r->err = *err;
	ss->stored = err == NULL && !s->damaged;
	if (--r->open == 0)
		on_done(r);
}

void
stores_remember(const struct script_run *r)
{
	for (size_t i = 0; i < r->nstores; i++)
		if (r->stores[i].stored && !r->stores[i].notice)
			parts_remember(r, r->stores[i].what);
}

void
stores_end(struct script_run *r)
{
	for (size_t i = 0; i < r->nstores; i++)
		local_message_drop(&r->stores[i].store.message);
	r->nstores = 0;
}

/* ---- what is stored ---- */

/* Where A goes: by id or use, where there is such a mailbox, else by name. */
static struct slice
mailbox_of(struct script_run *r, const struct verdict_action *a)
{
	struct buf name = { .max = NAME_MAX_BYTES };
	struct slice out = a->mailbox;
	struct err err = { 0 };

	if (a->mailbox_id.n + a->special_use.n == 0 || !owner_account(r))
		return out;
	if (answer_named(r->account, a->mailbox_id, a->special_use, &name,
		&err) == FOUND)
		out = arena_slice(&r->arena, buf_slice(&name));
	buf_fini(&name);
	return out;
}

static struct script_store *
add(struct script_run *r)
{
	struct script_store *s = &r->stores[r->nstores++];

	s->run = r;
	s->store.done = on_stored;
	return s;
}

static void
plan(struct script_run *r, size_t i)
{
	const struct verdict_action *a = &r->verdict->actions[i];
	char what[16];
	struct script_store *s;

	snprintf(what, sizeof what, "store%zu", i);
	if (r->parts && parts_was_done(r, what))
		return;
	s = add(r);
	memcpy(s->what, what, sizeof what);
	if (a->kind == SIEVE_FILEINTO)
		s->store.mailbox = mailbox_of(r, a);
	s->store.create = a->create;
	s->store.flags = a->flags;
	s->store.keywords = a->keywords;
	if (!a->edited)
		return;
	s->store.message = local_message_pieced(r->job, a->pieces, a->head);
	if (s->store.message == NULL)
		err_set(&r->err, ERR_TEMP,
		    "sieve: the changed message cannot be read");
}

static void
plan_notice(struct script_run *r)
{
	struct buf text = { .max = 64 << 10 };
	struct script_store *s;

	if (!notice_due(r))
		return;
	notice_put(r, &text);
	s = add(r);
	s->notice = true;
	s->store.message = local_message_made(buf_slice(&text));
	buf_fini(&text);
}

void
stores_begin(struct script_run *r, void (*done)(struct script_run *r))
{
	on_done = done;
	r->stores =
	    arena_alloc(&r->arena, (r->verdict->n + 1) * sizeof *r->stores);
	r->nstores = 0;
	for (size_t i = 0; i < r->verdict->n; i++)
		if (verdict_is_store(&r->verdict->actions[i]))
			plan(r, i);
	if (r->failed != NULL)
		plan_notice(r);
	if (r->nstores == 0 || r->err.class != ERR_NONE) {
		on_done(r);
		return;
	}
	r->open = r->nstores;
	/* The last word may be the end of R. */
	for (size_t i = 0, n = r->nstores; i < n; i++)
		local_deliver_store(r->job, &r->rcpt, &r->stores[i].store);
}

void
stores_put_elsewhere(const struct script_run *r, struct buf *out)
{
	for (size_t i = 0; i < r->nstores; i++) {
		const struct local_store *s = &r->stores[i].store;

		if (s->elsewhere)
			buf_addf(out,
			    "there is no mailbox \"%.*s\": stored in INBOX\n",
			    SLICE_FMT(s->mailbox));
	}
}
